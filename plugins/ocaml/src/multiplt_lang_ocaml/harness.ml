(* Calls the candidate case by case and writes what each call returned to descriptor 3, in the form of
   multiplt.execute.records. It is linked before the candidate, so that the nonce is read and everything
   here is bound before any code of the candidate runs. *)

external in_channel_of : int -> in_channel = "caml_ml_open_descriptor_in"
external out_channel_of : int -> out_channel = "caml_ml_open_descriptor_out"

(* A buffer of its own: seeking back in Stdlib.stdin would show the nonce again. *)
let nonce = input_line (in_channel_of 0)
let channel = out_channel_of 3

let digest = ref 0
let written = ref 0 (* bytes, those of values given up included *)
let cases = ref 0

let emit payload =
  let frame = string_of_int (String.length payload) ^ ":" ^ payload in
  let key = 2 + int_of_string ("0x" ^ String.sub nonce 0 5) in
  String.iter (fun byte -> digest := ((!digest * key) + Char.code byte + 1) mod 2147483647) frame;
  written := !written + String.length frame;
  output_string channel frame;
  flush channel

(* Values: each function writes one of its type. *)

exception Too_large

let largest_value = 1_000_000 (* bytes *)
let largest_total = 4_000_000
let value = Buffer.create 1000

let add text =
  let size = Buffer.length value + String.length text in
  if size > largest_value || !written + size > largest_total then raise Too_large;
  Buffer.add_string value text

let sized tag size = add (tag ^ string_of_int size ^ ":")
let printed text = sized "?" (String.length text); add text

let unit () = add "N"
let bool b = add (if b then "T" else "F")
let int i = add ("i" ^ string_of_int i ^ ";")
let float x = add (Printf.sprintf "d%.17g;" x)

let is_utf_8 text =
  let byte i = if i < String.length text then Char.code text.[i] else 0 in
  let rec continues i count = count = 0 || (byte i land 0xC0 = 0x80 && continues (i + 1) (count - 1)) in
  let rec from i =
    i >= String.length text
    ||
    let first = byte i and second = byte (i + 1) in
    let more = if first < 0x80 then 0 else if first < 0xE0 then 1 else if first < 0xF0 then 2 else 3 in
    (first < 0x80 || (first >= 0xC2 && first <= 0xF4))
    && continues (i + 1) more
    && (first <> 0xE0 || second >= 0xA0) && (first <> 0xED || second < 0xA0) (* overlong; surrogates *)
    && (first <> 0xF0 || second >= 0x90) && (first <> 0xF4 || second < 0x90) (* overlong; beyond Unicode *)
    && from (i + 1 + more)
  in
  from 0

let string text =
  if is_utf_8 text then (sized "s" (String.length text); add text) else printed (String.escaped text)

(* The list may be cyclic. *)
let rec length count = function
  | [] -> count
  | _ :: rest -> if count > largest_value then raise Too_large else length (count + 1) rest

let items tag item list = sized tag (length 0 list); List.iter item list
let list item = items "l" item
let variadic item = items "t" item
let set item = items "z" item
let dict key value = items "m" (fun (k, v) -> key k; value v)
let tuple size = sized "t" size
let option item = function None -> unit () | Some present -> item present

(* Cases. *)

let message error =
  let text = Printexc.to_string error in
  String.sub text 0 (min (String.length text) 1000)

let case call write =
  let number = string_of_int !cases in
  incr cases;
  Buffer.clear value;
  match write (call ()) with
  | () -> emit ("v" ^ number ^ " " ^ Buffer.contents value)
  | exception Too_large ->
    written := !written + Buffer.length value;
    emit ("v" ^ number ^ " ?17:a value too large")
  | exception error -> emit ("e" ^ number ^ " " ^ message error)

let finish () = emit ("z" ^ nonce ^ " " ^ string_of_int !digest)
