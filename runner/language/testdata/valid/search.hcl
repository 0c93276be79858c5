# A search: a sample of the matrix, and halving; all seeds of a combination; references mean the last rung.
variable "budget" { default = 4 }

stage "train" "random" {
  matrix = {
    look_back = [10, 20, 30, 60]
    units     = { small = 20, large = 50 }
    seed      = [1, 2]
    exclude   = [{ look_back = 10 }, { units = "large", look_back = 60, seed = 2 }]
  }
  search {
    method = "random"
    budget = var.budget - 1
    seed   = 7
  }
  series    = "data/a.csv"
  look_back = matrix.look_back
  rate      = matrix.seed
  model "lstm" { units = matrix.units }
}

stage "train" "halved" {
  for_each = { a = 81, b = 50 }
  matrix   = { look_back = [10, 20, 30, 60, 90], seed = [1, 2], epochs = [each.value] }
  search {
    method = "halving"
    budget = 4
    factor = 2
    least  = each.key == "a" ? 9 : 5
  }
  series    = "data/a.csv"
  look_back = matrix.look_back
  rate      = matrix.seed
  epochs    = matrix.epochs
  model "lstm" {}
}

stage "train" "over" {
  matrix = { rate = [1, 2, 3] }
  search {
    method = "halving"
    budget = 100
    over   = "look_back"
  }
  series    = "data/a.csv"
  look_back = 9
  rate      = matrix.rate
  model "ar" {}
}

stage "report" "r" {
  inputs = { random = stage.train.random, halved = stage.train.halved["b"][*], over = stage.train.over[*].model }
}
