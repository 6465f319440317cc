# Gives `home` copies of the functions of base that `functions` call, of those that they call in turn, and so on through
# some levels: what a candidate does to base's own bindings comes too late for them.
own <- function(functions, home, levels = 3) {
  called <- unique(unlist(lapply(functions, function(f) all.names(body(f)))))
  closures <- list()
  for (name in called) if (exists(name, baseenv(), inherits = FALSE) && !exists(name, home, inherits = FALSE)) {
    copy <- get(name, baseenv())
    if (typeof(copy) == "closure") {
      environment(copy) <- home
      closures <- c(closures, copy)
    }
    assign(name, copy, home)
  }
  if (levels > 1) own(closures, home, levels - 1)
}
