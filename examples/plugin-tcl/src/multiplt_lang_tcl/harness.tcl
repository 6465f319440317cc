# Calls the candidate case by case and writes to the record channel what comes of each call. The candidate is
# loaded into an interpreter of its own: it has all of Tcl, but no procedure, variable or channel of this one.

set nonce [gets stdin] ;# before the candidate can read it
set channel [open /proc/self/fd/3 WRONLY]
fconfigure $channel -translation binary
set key [expr "2 + 0x[string range $nonce 0 4]"]
set digest 0
set written 0
set number -1

set value_limit 1000000   ;# characters of a value; of a longer one only the beginning is written
set channel_limit 6000000 ;# bytes of all records

proc load_candidate {file} {
    interp create candidate
    interp alias candidate exit {} refuse_exit
    interp eval candidate {set argv0 tclsh; set argv {}; set argc 0}
    if {[catch {interp eval candidate [list source -encoding utf-8 $file]} message]} {
        set syntax [regexp {^(missing |extra characters after |invalid command name "\}")} $message]
        write_record "x[expr {$syntax ? "SyntaxError" : "Exception"}] [beginning $message]"
        finish
    }
}

proc refuse_exit {args} {
    error "exit was called"
}

proc run_case {type name args} {
    incr ::number
    if {[catch {interp eval candidate [list $name {*}$args]} answer]} {
        write_record "e$::number [beginning $answer]"
    } elseif {[string length $answer] > min($::value_limit, $::channel_limit - $::written)} {
        write_record "v$::number [unknown_value $answer]"
    } else {
        write_record "v$::number [encode $type $answer]"
    }
}

proc finish {} {
    write_record "z$::nonce $::digest"
    exit
}

proc write_record {payload} {
    global channel key digest written
    set frame "[string length $payload]:$payload"
    puts -nonewline $channel $frame
    flush $channel
    incr written [string length $frame]
    binary scan $frame cu* bytes
    foreach byte $bytes {
        set digest [expr {($digest * $key + $byte + 1) % 2147483647}]
    }
}

# A value as its declared type says to read it; what cannot be read so is unknown.
proc encode {type value} {
    lassign $type kind item entry
    switch $kind {
        none { if {$value eq ""} { return N } }
        bool {
            if {[string is true -strict $value]} { return T }
            if {[string is false -strict $value]} { return F }
        }
        int { if {[is_int $value]} { return "i$value;" } }
        float - union {
            if {[is_int $value]} { return "i$value;" }
            if {[is_float $value]} { return "d$value;" }
        }
        str { return [sized s $value] }
        optional { return [encode [expr {$value eq "" ? "none" : $item}] $value] }
        list - set {
            if {[string is list $value]} {
                set length [llength $value]
                return [encode_items l$length [lrepeat $length $item] $value]
            }
        }
        tuple {
            set types [lrange $type 1 end]
            if {[string is list $value] && [llength $value] == [llength $types]} {
                return [encode_items l[llength $types] $types $value]
            }
        }
        dict {
            if {![catch {dict merge {} $value} entries]} {
                set size [dict size $entries]
                return [encode_items m$size [lrepeat $size $item $entry] $entries]
            }
        }
    }
    return [unknown_value $value]
}

proc encode_items {head types items} {
    set bytes $head:
    foreach type $types item $items {
        append bytes [encode $type $item]
    }
    return $bytes
}

proc is_int {value} {
    regexp {^(0|-?[1-9][0-9]*)$} $value
}

proc is_float {value} {
    regexp -nocase {^(-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+]?[0-9]+)?|-?inf|nan)$} $value
}

proc unknown_value {value} {
    sized ? [string range $value 0 199]
}

proc sized {tag text} {
    set bytes [encoding convertto utf-8 $text]
    return "$tag[string length $bytes]:$bytes"
}

proc beginning {message} {
    encoding convertto utf-8 [string range $message 0 999]
}
