"""Out into the field's formats: what was prepared, as LLaVA's JSON or as Parquet, with a dataset card."""
