# The tests have an interpreter of their own, where no name of the program's means anything.
set suite [interp create]
interp eval $suite {
    namespace eval tests {}

    proc tests::check {type actual expected {tolerance ""}} {
        if {![same $type $actual $expected $tolerance]} {
            error "wrong answer: $actual, not $expected"
        }
    }

    # Whether two values are equal, read as their type says.
    proc tests::same {type actual expected tolerance} {
        lassign $type kind item value
        switch $kind {
            bool { return [expr {[string is boolean -strict $actual] && !$actual == !$expected}] }
            int {
                if {![regexp {^(0|-?[1-9][0-9]*)$} $actual]} { return 0 }
                return [expr {$tolerance eq "" ? $actual == $expected : abs($actual - $expected) <= $tolerance}]
            }
            float - union { return [near $actual $expected $tolerance] }
            optional { if {$actual ne "" && $expected ne ""} { return [same $item $actual $expected $tolerance] } }
            list { return [ordered [lrepeat [llength $expected] $item] $actual $expected $tolerance] }
            tuple { return [ordered [lrange $type 1 end] $actual $expected $tolerance] }
            set { return [unordered $item $actual $expected $tolerance] }
            dict { return [unordered [list tuple $item $value] [pairs $actual] [pairs $expected] $tolerance] }
        }
        return [string equal $actual $expected]
    }

    # Whether two floats are within the test's own tolerance, or else within a relative 1e-6 or an absolute 1e-9.
    proc tests::near {actual expected tolerance} {
        if {![regexp -nocase {^(-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+]?[0-9]+)?|-?inf|nan)$} $actual]} { return 0 }
        if {$actual == $expected} { return 1 }
        if {"nan" in [string tolower "$actual $expected"]} { return [string equal -nocase $actual $expected] }
        if {$expected != double($expected)} { return 0 } ;# an int that no float equals
        set difference [expr {abs($actual - $expected)}]
        if {$tolerance eq ""} { set tolerance [expr {max(1e-6 * max(abs($actual), abs($expected)), 1e-9)}] }
        return [expr {$difference < Inf && $difference <= $tolerance}]
    }

    proc tests::ordered {types actual expected tolerance} {
        if {[llength $actual] != [llength $expected]} { return 0 }
        foreach type $types item $actual other $expected {
            if {![same $type $item $other $tolerance]} { return 0 }
        }
        return 1
    }

    proc tests::unordered {type actual expected tolerance} {
        if {[llength $actual] != [llength $expected]} { return 0 }
        foreach item $expected {
            set position 0
            foreach other $actual {
                if {[same $type $other $item $tolerance]} { break }
                incr position
            }
            if {$position == [llength $actual]} { return 0 }
            set actual [lreplace $actual $position $position]
        }
        return 1
    }

    proc tests::pairs {dictionary} {
        set pairs {}
        dict for {key value} $dictionary { lappend pairs [list $key $value] }
        return $pairs
    }
}
