# args: seeds=2
variable "captures" {
  description = "by name"
  type        = map(string)
  default     = { b = "synthetic://b", a = "synthetic://a" }
}
variable "schedules" {
  default = { long = { epochs = 50, batch = 64 }, short = { epochs = 20, batch = 32 } }
}
variable "seeds" {
  type    = number
  default = 5
  validation {
    condition     = var.seeds > 0
    error_message = "At least one seed."
  }
}
locals {
  twice = local.once * 2
  once  = 10
}
stage "fetch" "capture" {
  for_each = var.captures
  url      = each.value
}
stage "decode" "packets" {
  for_each  = var.captures
  capture   = stage.fetch.capture[each.key].capture
  every     = "100ms"
  on_damage = "fail"
}
stage "train" "lstm" {
  for_each = var.captures
  matrix = {
    look_back = [10, local.twice]
    schedule  = var.schedules
    seed      = range(1, var.seeds + 1)
    exclude   = [{ schedule = "short", seed = 2 }]
  }
  series    = stage.decode.packets[each.key].packets
  look_back = matrix.look_back
  rate      = 0.001 * matrix.seed
  periods   = [matrix.schedule.epochs, matrix.schedule.batch]
  names     = "one"
  flag      = true
  model "lstm" {
    units = 5
  }
}
stage "report" "paper" {
  inputs = { first = stage.train.lstm["a"][0].model, all = stage.train.lstm["b"][*], data = stage.decode.packets, mine = "data/a.csv" }
}
stage "exec" "check" {
  command = ["sh", "check.sh", "--in=${stage.decode.packets["a"].packets}", 3]
  inputs  = { "x.parquet" = stage.decode.packets["b"].packets, "check.sh" = "tools/check.sh" }
  outputs = { table = "table.csv", plots = "plots/" }
}
results {
  files = merge({ "figures" = stage.report.paper.figures, "none" = null }, { for k, s in stage.decode.packets : "data/${k}.parquet" => s.packets })
}
