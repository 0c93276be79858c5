stage "train" "u" {
  series    = "x.parquet"
  look_back = 0
}
