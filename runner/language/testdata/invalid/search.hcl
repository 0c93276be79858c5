stage "train" "no-matrix" {
  series = "data/a.csv"
  search {
    method = "random"
    budget = 4
  }
}

stage "train" "wrong" {
  matrix = { look_back = [1, 2] }
  search {
    method = "randon"
    budget = 4
    sead   = 1
  }
  series = "data/a.csv"
}

stage "train" "method" {
  matrix = { look_back = [1, 2] }
  search {
    method = "grid"
    budget = 4
  }
  series = "data/a.csv"
}

stage "train" "budget" {
  for_each = toset(["a", "b"])
  matrix   = { look_back = [1, 2] }
  search {
    method = "halving"
    budget = 0
    factor = 1
    seed   = 1.5
    least  = "two"
    over   = 3
  }
  series = "data/a.csv"
}

stage "train" "needs" {
  matrix = { look_back = [1, 2] }
  search {}
  series = "data/a.csv"
}

stage "train" "halving-options" {
  matrix = { look_back = [1, 2] }
  search {
    method = "random"
    budget = 1
    factor = 3
  }
  series = "data/a.csv"
}

stage "train" "label" {
  matrix = { look_back = [1, 2] }
  search "random" {
    budget = 1
  }
  series = "data/a.csv"
}

stage "train" "two" {
  matrix = { look_back = [1, 2] }
  search {
    method = "random"
    budget = 1
  }
  search {
    method = "random"
    budget = 1
  }
  series = "data/a.csv"
}

stage "train" "names" {
  matrix = { look_back = [1, 2] }
  search {
    method = "random"
    budget = matrix.look_back
    seed   = var.seed
  }
  series = "data/a.csv"
}

stage "train" "no-length" {
  matrix = { look_back = [1, 2] }
  search {
    method = "halving"
    budget = 2
  }
  series = "data/a.csv"
  model "ar" {}
}

stage "train" "zero" {
  matrix = { look_back = [1, 2] }
  search {
    method = "halving"
    budget = 2
  }
  series = "data/a.csv"
  model "lstm" {}
}

stage "train" "over" {
  matrix = { look_back = [1, 2] }
  search {
    method = "halving"
    budget = 2
    over   = "epoch"
  }
  series = "data/a.csv"
  model "lstm" {}
}

stage "train" "over-text" {
  matrix = { look_back = [1, 2] }
  search {
    method = "halving"
    budget = 2
    over   = "names"
  }
  series = "data/a.csv"
  model "lstm" {}
}

stage "train" "least" {
  matrix = { look_back = [1, 2] }
  search {
    method = "halving"
    budget = 2
    least  = 50
  }
  series = "data/a.csv"
  epochs = 50
  model "lstm" {}
}

stage "train" "mixed" {
  matrix = { epochs = [20, 50] }
  search {
    method = "halving"
    budget = 2
  }
  series = "data/a.csv"
  epochs = matrix.epochs
  model "lstm" {}
}
