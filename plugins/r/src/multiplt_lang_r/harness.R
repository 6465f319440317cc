# Calls the candidate case by case and writes what each call returned or raised to the record channel;
# multiplt.execute.records says how. The candidate lives in the global environment, this in one of its own.

value_limit <- 1e6    # bytes of one value
channel_limit <- 6e6  # bytes of all values; what comes later is no longer written
depth_limit <- 200    # levels of nesting
text_limit <- 200     # bytes of a printed form
message_limit <- 1000 # bytes

run <- getOption("multiplt.run") # see end.R
options(multiplt.run = NULL)
left <- 0 # bytes that the value at hand may still take

# The entry point has this name in candidate.R; cases.R calls it `candidate`.
run_cases <- function(name) {
  cases <- parse("cases.R", keep.source = FALSE, encoding = "UTF-8")
  scope <- new.env(parent = baseenv())
  scope$candidate <- load_candidate(name)
  if (!is.null(scope$candidate)) for (number in seq_along(cases)) {
    run_case(sprintf("%d ", number - 1L), cases[[number]], scope)
  }
  run$complete <- TRUE
  quit("no", 0, FALSE)
}

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
  record <- tryCatch(paste0("v", head, encode_whole(eval(case, scope))), error = failed, interrupt = failed)
  write_frame(record)
}

write_frame <- function(payload) {
  frame <- paste0(sprintf("%d:", nchar(payload, "bytes")), payload)
  channel <- file("/proc/self/fd/3", "ab", encoding = "native.enc", method = "internal", raw = TRUE)
  writeLines(frame, channel, sep = "", useBytes = TRUE)
  close.connection(channel)
  run$written <- c(run$written, frame)
}

message_of <- function(raised) {
  text <- unclass(raised)$message
  if (!is.character(text) || length(text) != 1) return("interrupted")
  if (startsWith(text, "cannot allocate ")) { # a vector, or memory
    writeLines(text, stderr())
    quit("no", 1, FALSE)
  }
  clipped(text, message_limit)
}

clipped <- function(text, limit) {
  bytes <- charToRaw(text)
  rawToChar(bytes[seq_len(min(length(bytes), limit))])
}

encode_whole <- function(value) {
  left <<- min(value_limit, channel_limit - sum(nchar(run$written, "bytes")))
  text <- encode(value, 0)
  if (left < 0) sized("?", "a value too long to write") else text
}

# NULL is `N`, a vector or list its items, with names if it has them; a vector of one without a name is that one, unless
# it is missing, which is `N` as an item.
encode <- function(value, depth) {
  kind <- kind_of(value)
  if (kind == "NULL") return("N")
  if (kind == "unknown") return(printed(value))
  if (depth > depth_limit) return(sized("?", "a value nested too deep"))
  value <- unclass(value)
  if (length(value) == 0) return("l0:")
  left <<- left - length(value)
  if (left < 0) return("")
  items <- if (kind == "list") encode_items(value, depth + 1) else encode_atoms(value, kind)
  left <<- left - sum(nchar(items, "bytes"))
  labels <- names(value)
  if (is.null(labels) && kind != "list" && length(items) == 1 && items != "N") return(items)
  head <- sprintf(if (is.null(labels)) "l%d:" else "m%d:", length(items))
  paste0(c(head, if (is.null(labels)) items else paste0(sized("s", labels), items)), collapse = "")
}

# Tables of one dimension are vectors; factors, matrices, data frames, other objects and bytes are not.
kind_of <- function(value) {
  kind <- typeof(value)
  is_vector <- switch(kind, logical = , integer = , double = , character = , list = , "NULL" = TRUE, FALSE)
  is_other <- is.object(value) && oldClass(value)[1] != "table"
  if (!is_vector || is_other || length(attr(value, "dim", TRUE)) > 1) return("unknown")
  if (kind != "character") return(kind)
  encoding <- Encoding(value)
  if (all(encoding == "latin1" | (encoding != "bytes" & validUTF8(value)))) kind else "unknown"
}

encode_items <- function(value, depth) {
  items <- character(length(value))
  for (place in seq_along(value)) if (left >= 0) items[place] <- encode(value[[place]], depth)
  items
}

encode_atoms <- function(value, kind) {
  items <- switch(kind,
    logical = c("F", "T")[value + 1L],
    integer = sprintf("i%d;", value),
    double = tolower(sprintf("d%.17g;", value)),
    character = sized("s", value)
  )
  items[is.na(value) & !is.nan(value)] <- "N"
  items
}

sized <- function(tag, text) {
  text <- enc2utf8(text)
  paste0(tag, sprintf("%d:", nchar(text, "bytes")), text)
}

printed <- function(value) {
  sized("?", clipped(paste0(deparse(value, backtick = FALSE, nlines = 5L), collapse = "\n"), text_limit))
}

# After all definitions, and before the candidate is loaded.
sys.source("own.R", environment())
own(Filter(is.function, as.list(environment())), environment())

for (name in c("q", "quit")) {
  unlockBinding(name, baseenv())
  assign(name, function(...) stop("quit() was called", call. = FALSE), baseenv())
}
