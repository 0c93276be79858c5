stage "fetch" "mawi" {
  for_each = markdown_urls("sources.md")
  url      = each.value
}
stage "fetch" "files" {
  for_each = { for f in fileset("data", "**/*.csv") : trimsuffix(basename(f), ".csv") => f }
  url      = each.value
}
