# Every kind of forecaster on the same targets, several steps ahead:
#
#   weir run -e models                                 a synthetic backbone capture, offline
#   weir run -e models -var 'series={mine={file="a.csv", time="epoch_s", value="bytes"}}' -var 'captures={}'

variable "captures" {
  description = "Captures to analyse: name = URL or file (http, https, file or synthetic)."
  type        = map(string)
  default     = { demo = "synthetic://backbone?seconds=900&seed=1" }
}

variable "series" {
  description = "Series of your own: file, its columns, whether its first and last interval were measured only in part, seasonal period, passes of the networks."
  type = map(object({
    file   = string
    time   = string
    value  = string
    edges  = optional(bool, false)
    period = optional(number, 60)
    epochs = optional(number, 20)
  }))
  default = {}
}

variable "horizons" {
  description = "Steps ahead to forecast."
  type        = list(number)
  default     = [1, 5, 10, 30]
}

variable "look_back" {
  description = "Points before a target that networks and trees see."
  type        = number
  default     = 20
}

variable "seeds" {
  description = "How many seeds every network is trained with."
  type        = number
  default     = 5
}

variable "folds" {
  description = "Blocks of the rolling origin; 0: none."
  type        = number
  default     = 4
}

variable "language" {
  description = "Language of the report: en, pt or es."
  type        = string
  default     = "en"
}

locals {
  subjects = merge(
    { for name, url in var.captures : name => { period = 60, epochs = 20, traffic = ["packets", "flows", "udp_share"] } },
    { for name, s in var.series : name => { period = s.period, epochs = s.epochs, traffic = [] } },
  )
  rolling = { en = "rolling origin", pt = "origem móvel", es = "origen móvil" }
  titles  = { en = "Forecasters side by side", pt = "Modelos de previsão lado a lado", es = "Modelos de pronóstico lado a lado" }
}

stage "fetch" "capture" {
  for_each = var.captures
  url      = each.value
}

stage "decode" "packets" {
  for_each = var.captures
  capture  = stage.fetch.capture[each.key].capture
}

stage "aggregate" "traffic" {
  for_each = var.captures
  packets  = stage.decode.packets[each.key].packets
}

stage "import" "series" {
  for_each = var.series
  file     = each.value.file
  time     = each.value.time
  value    = [each.value.value]

  partial_edges = each.value.edges
}

stage "eda" "subject" {
  for_each = local.subjects
  series   = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  sizes    = try(stage.aggregate.traffic[each.key].sizes, null)
  periods  = [each.value.period]
  language = var.language
}

# Models without a seed; naive, drift, mean, seasonal naive, moving average, SES, Holt, theta, AR, ridge and auto are compared anyway.
stage "train" "linear" {
  for_each = local.subjects
  matrix   = { model = ["nlinear", "rlinear", "dlinear", "fourier", "arima", "arfima", "holt_winters"] }

  series    = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  horizons  = var.horizons
  too_short = "skip"
  model {
    name   = matrix.model
    period = each.value.period
  }
}

stage "train" "trees" {
  for_each = local.subjects
  matrix = {
    model      = ["boosting", "forest"]
    covariates = length(each.value.traffic) == 0 ? { none = [] } : { none = [], traffic = each.value.traffic }
  }

  series     = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  horizons   = var.horizons
  look_back  = var.look_back
  covariates = matrix.covariates
  patience   = matrix.model == "boosting" ? 20 : 0
  too_short  = "skip"
  model {
    name  = matrix.model
    depth = matrix.model == "boosting" ? 4 : 0
  }
}

stage "train" "networks" {
  for_each = local.subjects
  matrix = {
    network = {
      lstm          = { cell = "lstm", layers = 1, both = false, attention = false }
      stacked       = { cell = "lstm", layers = 2, both = false, attention = false }
      bidirectional = { cell = "lstm", layers = 1, both = true, attention = false }
      attention     = { cell = "lstm", layers = 1, both = false, attention = true }
      gru           = { cell = "gru", layers = 1, both = false, attention = false }
    }
    seed = range(1, var.seeds + 1)
  }

  series    = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  horizons  = var.horizons
  look_back = var.look_back
  epochs    = each.value.epochs
  batch     = 32
  seed      = matrix.seed
  too_short = "skip"
  diverged  = "skip"
  model {
    name          = matrix.network.cell
    layers        = matrix.network.layers
    bidirectional = matrix.network.both
    attention     = matrix.network.attention
  }
}

# An LSTM with hyperparameters that were searched for, on the validation part: many for a few epochs, the best for more.
stage "train" "searched" {
  for_each = local.subjects
  matrix = {
    look_back     = [10, 20, 40, 60]
    units         = [10, 25, 50]
    learning_rate = [0.001, 0.003, 0.01]
    seed          = range(1, var.seeds + 1)
  }
  search {
    method = "halving"
    budget = 9
  }

  series        = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  horizons      = var.horizons
  look_back     = matrix.look_back
  epochs        = 2 * each.value.epochs
  batch         = 32
  learning_rate = matrix.learning_rate
  seed          = matrix.seed
  too_short     = "skip"
  diverged      = "skip"
  model "lstm" {
    units = matrix.units
  }
}

# No competitor: what a network learns from targets in random order is a leak.
stage "train" "control" {
  for_each = local.subjects

  series    = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  horizons  = var.horizons
  look_back = var.look_back
  epochs    = each.value.epochs
  batch     = 32
  control   = "shuffled"
  too_short = "skip"
  model "lstm" {}
}

stage "evaluate" "models" {
  for_each = local.subjects
  series   = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  trials = {
    linear   = stage.train.linear[each.key][*]
    trees    = stage.train.trees[each.key][*]
    networks = stage.train.networks[each.key][*]
    searched = stage.train.searched[each.key][*]
    control  = stage.train.control[each.key]
  }
  season   = each.value.period
  language = var.language
}

# Rolling origin: does the order hold when the models are fitted again, later and later?
stage "train" "folds" {
  for_each = var.folds > 0 ? local.subjects : {}
  matrix   = { model = ["lstm", "ridge", "boosting"], fold = range(1, var.folds + 1) }

  series    = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  test      = 0.4
  folds     = var.folds
  fold      = matrix.fold
  look_back = var.look_back
  epochs    = each.value.epochs
  batch     = 32
  too_short = "skip"
  model {
    name  = matrix.model
    order = 60
    depth = matrix.model == "boosting" ? 4 : 0
  }
}

stage "evaluate" "folds" {
  for_each = var.folds > 0 ? local.subjects : {}
  series   = try(stage.aggregate.traffic[each.key].series, stage.import.series[each.key].series)
  trials   = stage.train.folds[each.key][*]
  season   = each.value.period
  language = var.language
}

stage "report" "paper" {
  title    = local.titles[var.language]
  language = var.language
  inputs = {
    decode   = stage.decode.packets
    eda      = stage.eda.subject
    forecast = merge(stage.evaluate.models, { for name, e in stage.evaluate.folds : "${name}, ${local.rolling[var.language]}" => e })
  }
}

stage "typeset" "paper" {
  tex     = stage.report.paper.tex
  numbers = stage.report.paper.numbers
  tables  = stage.report.paper.tables
  figures = stage.report.paper.figures
}

results {
  files = merge(
    {
      "report.html"  = stage.report.paper.html
      "report.tex"   = stage.report.paper.tex
      "numbers.tex"  = stage.report.paper.numbers
      "tables"       = stage.report.paper.tables
      "figures"      = stage.report.paper.figures
      "metrics.json" = stage.report.paper.metrics
      "report.pdf"   = stage.typeset.paper.pdf
    },
    { for name, e in stage.evaluate.models : "best/${name}.weir" => e.best },
    { for name, e in stage.evaluate.models : "trials/${name}.csv" => e.table },
  )
}
