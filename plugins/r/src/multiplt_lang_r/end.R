# Reads the nonce, and writes the last record when R ends, if `run` then says that all before it was done: the option
# multiplt.run, an environment with `complete` and, in `written`, the frames so far. Only R's own list of finalizers,
# which no R code can see, leads from here on to the nonce.

write_end <- function(run) {
  if (!isTRUE(run$complete)) return()
  key <- 2 + strtoi(substr(nonce, 1, 5), 16L)
  digest <- 0 # all products stay below 2^53
  for (byte in as.integer(charToRaw(paste0(run$written, collapse = ""))))
    digest <- (digest * key + byte + 1) %% 2147483647
  payload <- sprintf("z%s %.0f", nonce, digest)
  channel <- file("/proc/self/fd/3", "ab", encoding = "native.enc", method = "internal", raw = TRUE)
  writeLines(sprintf("%d:%s", nchar(payload), payload), channel, sep = "")
  close.connection(channel)
}

sys.source("own.R", environment())
own(list(write_end), environment())

input <- file("stdin")
nonce <- readLines(input, 1)
close(input)

options(multiplt.run = new.env(parent = emptyenv()))
reg.finalizer(getOption("multiplt.run"), write_end, onexit = TRUE)
