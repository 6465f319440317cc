# Values as records. NULL is `N`; a vector or list is its items, with names if it has them; a vector of one, without a
# name, is that one, unless it is missing: that is `N`, but only as an item.

value_limit <- 1e6 # bytes of one value
depth_limit <- 200 # levels of nesting
text_limit <- 200  # bytes of a printed form

left <- 0 # bytes that the value at hand may still take

# A value in at most `limit` bytes.
encode_whole <- function(value, limit) {
  left <<- min(value_limit, limit)
  text <- encode(value, 0)
  if (left < 0) sized("?", "a value too long to write") else text
}

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

clipped <- function(text, limit) {
  bytes <- charToRaw(text)
  rawToChar(bytes[seq_len(min(length(bytes), limit))])
}
