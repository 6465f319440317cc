# Binds in `home` what `functions` call of base: what a candidate does to base's own bindings comes too late for them.
own <- function(functions, home) {
  for (name in unique(unlist(lapply(functions, function(f) all.names(body(f))))))
    if (exists(name, baseenv(), inherits = FALSE) && !exists(name, home, inherits = FALSE))
      assign(name, get(name, baseenv()), home)
}
