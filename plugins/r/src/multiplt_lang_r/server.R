# A warm R (multiplt.Server): each program runs in a forked child, which goes on as `Rscript main.R` would. The compiler
# is what a program would pay for, not R's start; our own functions are there already, not compiled either, which would
# cost a child more than it saves.
invisible(compiler::enableJIT(0L))
dyn.load(Sys.getenv("MULTIPLT_SERVE"))
base::local({
  load <- function(file) {
    sys.source(file, home <- new.env(parent = baseenv()), chdir = TRUE)
    home
  }
  options(multiplt.end = load("/run/server/end.R"), multiplt.harness = load("/run/server/harness.R"))
}, base::new.env(parent = base::baseenv()))
invisible(gc())
invisible({ .C("multiplt_serve"); tempdir(TRUE); .C("multiplt_go_on", "/run/server/server.R", "main.R") })
