(* A warm toplevel for others' programs (multiplt.Server), which forks a child for each: that does what `ocaml main.ml`
   does. *)

#directory "+compiler-libs";;

(* The toplevel takes C functions from OCaml's libraries alone, so they get one without modules. *)
ignore (Sys.command "ocamlc -a -dllib $MULTIPLT_SERVE -o /dev/shm/serve.cma");;
#load "/dev/shm/serve.cma";;

external serve : unit -> int = "multiplt_serve"
external leave : int -> 'a = "caml_sys_exit"

let run () =
  let well = Toploop.run_script Format.err_formatter "main.ml" [| "main.ml" |] in
  try exit (if well then 0 else 2)
  with error -> (* at the end no toplevel catches it, but the runtime *)
    (try Stdlib.do_at_exit () with _ -> ());
    Printexc.default_uncaught_exception_handler error (Printexc.get_raw_backtrace ());
    leave 2

let () =
  Sys.remove "/dev/shm/serve.cma";
  Gc.compact ();
  ignore (serve ());
  run ()
