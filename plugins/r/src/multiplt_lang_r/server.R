# A warm R (multiplt.Server): each program runs in a forked child, which goes on as `Rscript main.R` would. The compiler
# is what a program would pay for, not R's start; our own functions are there already, and compiled.
invisible(compiler::enableJIT(0L))
dyn.load(Sys.getenv("MULTIPLT_SERVE"))
base::local({
  # With base's primitives as they are, since none is changed yet: the compiler knows those alone.
  load <- function(file) {
    sys.source(file, home <- new.env(parent = baseenv()), chdir = TRUE)
    primitives <- Filter(is.primitive, as.list(home, all.names = TRUE))
    rm(list = names(primitives), envir = home)
    for (name in names(Filter(function(value) identical(environment(value), home), as.list(home))))
      assign(name, compiler::cmpfun(get(name, home)), home)
    list2env(primitives, home)
  }
  options(multiplt.end = load("/run/server/end.R"), multiplt.harness = load("/run/server/harness.R"))
}, base::new.env(parent = base::baseenv()))
invisible(gc())
invisible({ .C("multiplt_serve"); tempdir(TRUE); .C("multiplt_go_on", "/run/server/server.R", "main.R") })
