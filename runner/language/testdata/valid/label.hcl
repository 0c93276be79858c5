# A block's label that is an expression.
stage "train" "models" {
  matrix    = { model = ["lstm", "ar"] }
  series    = "a.parquet"
  look_back = 3
  model {
    name = matrix.model
  }
}
