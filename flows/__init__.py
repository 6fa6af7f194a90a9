"""The chain as Prefect flows; the only code that imports Prefect."""
