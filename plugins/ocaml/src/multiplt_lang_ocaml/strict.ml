(* A warm `ocamlc` for strict programs (multiplt.Server), which forks a child for every command. Machine code, as
   `ocamlc` is: the toplevel would take four times as long.

   A check is what `ocamlc` does with the files of a program, with all done before that never changes: the interfaces
   of the standard library are read, the harness is compiled, both are linked. It reports the candidate's errors; where
   anything else goes wrong, `ocamlc` itself starts over. A run is `ocamlrun main.byte`. *)

external serve : unit -> int = "multiplt_serve"

let read name =
  let file = open_in_bin name in
  let text = really_input_string file (in_channel_length file) in
  close_in file;
  text

(* Compiling: each unit in the same environment, which knows the interfaces that were read once. *)

let () =
  ignore (Warnings.parse_options false "-a");
  Load_path.init [Config.standard_library]

let environment = Compmisc.initial_env ()

let info name source_file =
  Env.set_unit_name (String.capitalize_ascii name);
  { Compile_common.source_file; module_name = String.capitalize_ascii name; output_prefix = name; env = environment;
    ppf_dump = Format.err_formatter; tool_name = "ocamlc"; native = false }

type code = { bytes : bytes array; relocations : (Cmo_format.reloc_info * int) list; required : Ident.t list }

let code bytes relocations required =
  { bytes; relocations; required = Symtable.required_globals relocations @ required }

let compile info parsed =
  let instructions, required = Compile.to_bytecode info (Compile_common.typecheck_impl info parsed) in
  Warnings.check_fatal ();
  let bytes, relocations, _ = Emitcode.to_memory [] instructions in
  code bytes relocations (Ident.Set.elements required)

let parse text = Parse.implementation (Lexing.from_string text)

(* Linking: a unit comes behind all that it requires, of which the standard library has what is not linked yet. *)

let read_object file { Cmo_format.cu_pos; cu_codesize; cu_reloc; cu_required_globals; _ } =
  seek_in file cu_pos;
  code (Misc.LongString.input_bytes file cu_codesize) cu_reloc cu_required_globals

let read_objects name take =
  let file = open_in_bin (Filename.concat Config.standard_library name) in
  seek_in file (String.length Config.cmo_magic_number);
  seek_in file (input_binary_int file);
  let taken = take (read_object file) (input_value file) in
  close_in file;
  taken

let std_exit = read_objects "std_exit.cmo" Fun.id

let library =
  let named read unit = (unit.Cmo_format.cu_name, read unit) in
  read_objects "stdlib.cma" (fun read { Cmo_format.lib_units; _ } -> List.map (named read) lib_units)

let linked = Queue.create ()

let rec link { bytes; relocations; required } =
  let require unit = if not (Symtable.is_global_defined unit) then link (List.assoc (Ident.name unit) library) in
  List.iter require required;
  Symtable.patch_object bytes relocations;
  Queue.add bytes linked

let write_program name =
  let file = open_out_bin name in
  Bytesections.init_record file;
  Queue.iter (Array.iter (output_bytes file)) linked;
  output_byte file Opcodes.opSTOP;
  output_string file "\000\000\000";
  Bytesections.record file "CODE";
  Symtable.output_primitive_names file;
  Bytesections.record file "PRIM";
  output_value file (Symtable.initial_global_table ());
  Bytesections.record file "DATA";
  Bytesections.write_toc_and_trailer file;
  close_out file

(* What never changes. Here the harness has a random name, which no candidate can contain. *)

let folder = "/dev/shm"

let random_name =
  let source = open_in_bin "/dev/urandom" in
  let name = "Harness_" ^ Digest.to_hex (really_input_string source 16) in
  close_in source;
  name

let prepare name text =
  let info = info name "server.ml" in
  compile { info with output_prefix = Filename.concat folder name } (parse text)

let harness = prepare random_name (read Sys.argv.(1))
let bind_harness = Printf.sprintf "module Harness = %s\n" random_name

let every_module =
  let open_module file =
    match Scanf.sscanf file "stdlib__%[^.].cmi%!" Fun.id with
    | name -> Printf.sprintf "let () = let open! Stdlib.%s in ()\n" name
    | exception _ -> ""
  in
  String.concat "" (List.map open_module (Array.to_list (Sys.readdir Config.standard_library)))

let typical = {|
let case call = Harness.case call (Harness.option (Harness.list (Harness.dict Harness.string Harness.int)))
let rec f x = Printf.sprintf "%d %s" x (String.concat "" (List.map (fun c -> String.make x c) ['a']))
let () = case (fun () -> Some [["a", 1]])
let () = Harness.finish ()
|}

let _ = prepare (random_name ^ "_") (bind_harness ^ every_module ^ typical)

let () =
  Symtable.init ();
  link harness;
  Array.iter (fun file -> Sys.remove (Filename.concat folder file)) (Sys.readdir folder)

(* The commands. *)

let see_new_files () = Load_path.prepend_dir (Load_path.Dir.create "")

let compile_candidate () =
  see_new_files ();
  Compile_common.interface (info "candidate" "candidate.mli");
  see_new_files ();
  let info = info "candidate" "candidate.ml" in
  compile info (Compile_common.parse_impl info)

let compile_program candidate =
  link candidate;
  Clflags.dont_write_files := true;
  let info = info "main" "main.ml" in
  link (compile info (parse bind_harness @ List.tl (Compile_common.parse_impl info)));
  link std_exit;
  write_program "main.byte"

let start_over () =
  let is_harness file = String.length file > 8 && String.sub file 0 8 = "harness_" in
  let harness = List.find is_harness (Array.to_list (Sys.readdir ".")) in
  Unix.execvp "ocamlc" [| "ocamlc"; "-w"; "-a"; harness; "candidate.mli"; "candidate.ml"; "main.ml"; "-o"; "main.byte" |]

let check () =
  match compile_candidate () with
  | exception error when Location.error_of_exn error <> None ->
    Location.report_exception Format.err_formatter error;
    exit 2
  | exception _ -> start_over ()
  | candidate -> (match compile_program candidate with () -> exit 0 | exception _ -> start_over ())

let () =
  (* A usual program is compiled without a collection, which would make a child copy all pages with values. *)
  Gc.set { (Gc.get ()) with space_overhead = 1000; minor_heap_size = 1_048_576 };
  Gc.compact ();
  ignore (serve ());
  if Sys.getenv_opt "MULTIPLT_CHECK" = None then Unix.execvp "ocamlrun" [| "ocamlrun"; "main.byte" |] else check ()
