"""Files and services: the commands `push`, `import`, `get`, `export` and `simulate`.

commands      the words of the commands; reads the rest when one is run
running       from words to an exit code
sources       a file, opened as what it is
documents     JSON: its documents, told apart by `kinds`, mended by `mending`, placed by `outline`
csv_rows      CSV by rows
line_rows     NDJSON by rows
lines         lines, counted and hashed
batches       rows by column, and from a fault back to its row
settling      a batch, until each row is acknowledged or refused
pushing       `push`, and `rehearsal` its dry run
backfill      `import`, with its `checkpoints` and `rejects`
getting       `get`
exporting     `export`
service       the address and the key of the service
telling       what is written, and the bar of progress
errors        what ends a command with a sentence
"""
