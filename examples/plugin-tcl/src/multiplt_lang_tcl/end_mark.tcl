interp eval [interp create] {
    set channel [open /proc/self/fd/3 WRONLY]
    puts -nonewline $channel "35:z[gets stdin] 0"
    close $channel
}
