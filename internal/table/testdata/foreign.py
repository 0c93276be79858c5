"""Reads a file of ours with pandas, Polars and DuckDB, and writes one table in many ways for us to read. Arguments: ours.parquet, folder, and
how many rows theirs have (5000). The files in this folder are some of theirs with 40 rows."""
import datetime, decimal, hashlib, json, pathlib, sys
import duckdb, numpy as np, pandas as pd, polars as pl, pyarrow as pa, pyarrow.parquet as pq

ours, out = sys.argv[1], pathlib.Path(sys.argv[2])


def digest(frame):
    """One line a row: nulls empty, times in ns, floats as repr."""
    s = hashlib.sha256()
    columns = []
    for name in frame.column_names:
        c = frame.column(name)
        if pa.types.is_timestamp(c.type):
            assert c.type.unit == "ns" and c.type.tz in ("UTC", "Etc/UTC"), c.type
            c = c.cast(pa.int64())
        columns.append(["" if v is None else repr(v) if isinstance(v, float) else str(v) for v in c.to_pylist()])
    for row in zip(*columns):
        s.update(("\t".join(row) + "\n").encode())
    return s.hexdigest()


pandas = pd.read_parquet(ours, dtype_backend="pyarrow")
duck = duckdb.sql(f"select * from read_parquet('{ours}')")
print(json.dumps({
    "arrow": digest(pq.read_table(ours)), "pandas": digest(pa.Table.from_pandas(pandas, preserve_index=False)), "polars": digest(pl.read_parquet(ours).to_arrow()),
    "duckdb rows": duck.count("packet").fetchall()[0][0], "duckdb sum": int(duck.sum("wire_length").fetchall()[0][0]),
    "duckdb filter": duckdb.sql(f"select count(*) from read_parquet('{ours}') where packet > 100 and packet <= 1100").fetchall()[0][0],
    "types": {n: str(t) for n, t in zip(duck.columns, duck.types)},
}))

n = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
base = pd.Timestamp("2007-01-25 05:00:00", tz="UTC")
null = [i % 7 == 3 for i in range(n)]
frame = pa.table({
    "time": pa.array([base.value + i * 1_000_000_000 for i in range(n)], pa.timestamp("ns", "UTC")),
    "small": pa.array([None if null[i] else i % 100 - 50 for i in range(n)], pa.int8()),
    "i32": pa.array([i * 7919 - 10_000 for i in range(n)], pa.int32()),
    "i64": pa.array([(i * 6364136223846793005) % 2**62 for i in range(n)], pa.int64()),
    "u16": pa.array([i % 65536 for i in range(n)], pa.uint16()),
    "u32": pa.array([2**32 - 1 - i for i in range(n)], pa.uint32()),
    "f32": pa.array([i / 8 for i in range(n)], pa.float32()),
    "f64": pa.array([None if null[i] else i / 7 for i in range(n)], pa.float64()),
    "flag": pa.array([i % 3 == 0 for i in range(n)], pa.bool_()),
    "text": pa.array([None if null[i] else f"host-{i % 50}-é" for i in range(n)], pa.string()),
    "amount": pa.array([decimal.Decimal(i) / 100 for i in range(n)], pa.decimal128(12, 2)),
    "day": pa.array([datetime.date(2007, 1, 25) + datetime.timedelta(i) for i in range(n)], pa.date32()),
    "list": pa.array([[i, i] for i in range(n)], pa.list_(pa.int64())),
})
micro = frame.set_column(0, "time", frame["time"].cast(pa.timestamp("us", "UTC")))
milli = frame.set_column(0, "time", frame["time"].cast(pa.timestamp("ms", "UTC")))
for name, t, options in [
    ("arrow-snappy", frame, dict(compression="snappy")),
    ("arrow-gzip-v2", frame, dict(compression="gzip", data_page_version="2.0", use_dictionary=False)),
    ("arrow-none-small-pages", frame, dict(compression="none", data_page_size=512, write_page_checksum=True)),
    ("arrow-zstd-groups", micro, dict(compression="zstd", row_group_size=777)),
    ("arrow-milli", milli, dict(version="1.0", compression="snappy")),
    ("arrow-int96", frame, dict(use_deprecated_int96_timestamps=True)),
    ("arrow-delta", frame, dict(use_dictionary=False, compression="zstd", column_encoding={"i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "f64": "BYTE_STREAM_SPLIT", "f32": "BYTE_STREAM_SPLIT", "time": "DELTA_BINARY_PACKED"})),
    ("arrow-delta-length", frame, dict(use_dictionary=False, data_page_version="2.0", column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY", "i64": "BYTE_STREAM_SPLIT"})),
]:
    pq.write_table(t, out / f"{name}.parquet", **options)
frame.to_pandas().to_parquet(out / "pandas.parquet")
pl.from_arrow(frame).write_parquet(out / "polars.parquet")
pl.from_arrow(frame).write_parquet(out / "polars-snappy.parquet", compression="snappy", row_group_size=1000)
duckdb.sql(f"copy frame to '{out}/duckdb.parquet' (format parquet)")
duckdb.sql(f"copy frame to '{out}/duckdb-v2.parquet' (format parquet, parquet_version v2, compression zstd)")
