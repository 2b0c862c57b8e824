"""The floor that computes in bulk: columns in, scores out.

Where to begin reading: `scores` scores a snapshot block by block, asking `statements` for SQL and `runs` for sums; `plain` and
`spark` give the same by other means, all of them as `figures`. A snapshot (`snapshot`, `freezing`) comes of an open folder
(`folder`, `folder_records`, `tables`; kept by `stored`), whose rows are `gathered` and whose subjects get numbers by `hashes` and
`numbering`, or out of a city's database (`streamed`). `report` writes a run's files,
with `kept` and `workplaces` so that it can be stopped; `changes` scores a few people again. `judging` is intake's: it judges
many rows of a delivery at once.
"""
