# Compiles strict.ml and becomes it. What the compiler leaves in /dev/shm is deleted there, before any program runs.
folder=$(dirname "$0")
cp "$folder/strict.ml" /dev/shm/server.ml
TMPDIR=/dev/shm ocamlopt -w -a -I +compiler-libs unix.cmxa ocamlcommon.cmxa ocamlbytecomp.cmxa -cclib "$MULTIPLT_SERVE" \
  /dev/shm/server.ml -ccopt -s -o /dev/shm/server && exec /dev/shm/server "$folder/harness.ml"
