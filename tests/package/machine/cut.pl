# Cuts the power from a file system: what was not flushed is gone, and nothing more is written (EXT4_IOC_SHUTDOWN, no log flush).
#   cut.pl <folder on it>
use strict;
use warnings;
open(my $folder, '<', $ARGV[0]) or die "open $ARGV[0]: $!\n";
my $flags = pack('L', 2);
ioctl($folder, 0x8004587D, $flags) or die "shutdown of $ARGV[0]: $!\n";
