# Calls the candidate case by case and writes what each call returned or raised to the record channel;
# multiplt.execute.records says how. The candidate lives in the global environment, this in one of its own.

channel_limit <- 6e6  # bytes of all values; what comes later is no longer written
message_limit <- 1000 # bytes

run <- NULL # see end.R

# The entry point has this name in candidate.R; cases.R calls it `candidate`.
run_cases <- function(name) {
  begin()
  run$depth <- sys.nframe() + 2L # that of `quit`'s finalizers
  withCallingHandlers(run_all(name), warning = function(raised) run$depth <- 0L) # R tells of it when it ends
  run$complete <- TRUE
  quit("no", 0, FALSE)
}

run_all <- function(name) {
  cases <- parse("cases.R", keep.source = FALSE, encoding = "UTF-8")
  scope <- new.env(parent = baseenv())
  scope$candidate <- load_candidate(name)
  if (!is.null(scope$candidate)) for (number in seq_along(cases)) {
    run_case(sprintf("%d ", number - 1L), cases[[number]], scope)
  }
}

begin <- function() {
  run <<- getOption("multiplt.run")
  options(multiplt.run = NULL, multiplt.harness = NULL)
  for (name in c("q", "quit")) {
    unlockBinding(name, baseenv())
    assign(name, no_quit, baseenv())
  }
}

no_quit <- function(...) stop("quit() was called", call. = FALSE)

load_candidate <- function(name) {
  failed <- function(status) function(raised) {
    write_frame(paste0("x", status, " ", message_of(raised)))
    NULL
  }
  program <- tryCatch(parse("candidate.R", keep.source = FALSE, encoding = "UTF-8"), error = failed("SyntaxError"))
  if (!is.null(program)) tryCatch({
    for (part in program) eval(part, globalenv())
    get(name, globalenv(), mode = "function", inherits = FALSE)
  }, error = failed("Exception"), interrupt = failed("Exception"))
}

run_case <- function(head, case, scope) {
  failed <- function(raised) paste0("e", head, message_of(raised))
  returned <- function(value) paste0("v", head, encode_whole(value, channel_limit - sum(nchar(run$written, "bytes"))))
  record <- tryCatch(returned(eval(case, scope)), error = failed, interrupt = failed)
  write_frame(record)
}

write_frame <- function(payload) {
  frame <- paste0(sprintf("%d:", nchar(payload, "bytes")), payload)
  channel <- file("/proc/self/fd/3", "ab", encoding = "native.enc", method = "internal", raw = TRUE)
  writeLines(frame, channel, sep = "", useBytes = TRUE)
  close.connection(channel)
  run$written <- c(run$written, frame)
}

# Of a condition; where memory ran out, this is the end of all.
message_of <- function(raised) {
  text <- unclass(raised)$message
  if (!is.character(text) || length(text) != 1) return("interrupted")
  if (startsWith(text, "cannot allocate ")) {
    writeLines(text, stderr())
    quit("no", 1, FALSE)
  }
  clipped(text, message_limit)
}

sys.source("values.R", environment())
sys.source("own.R", environment())
own(Filter(is.function, as.list(environment())), environment())
