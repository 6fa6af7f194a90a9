"""Pages that a person reads: sections of text, tables, plots and pictures in one look."""
