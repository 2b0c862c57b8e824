"""What a file from outside holds: its tables as rows, read in a process that may neither grow nor linger (文件解析).

Nothing here knows a table of ours, a key, or the web. `xinlin.office.files.child` is the process; `xinlin.office.confinement`
starts it and takes its answer.
"""
