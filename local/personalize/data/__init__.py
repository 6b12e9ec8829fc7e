"""The data of datasets: schemas, CSV files, tables."""
