#!/bin/sh
# Process 1 of a machine of its own: systemd in a Debian root, in namespaces that tests/package/machine/machine.ts made. What
# is below the root is an overlay that forgets nothing; /var/lib/kerbside is a disk of its own, from which the power can be cut.
#   boot.sh <base> <upper> <work> <root> <shared> <disk>
set -eu
base=$1 upper=$2 work=$3 root=$4 shared=$5 disk=$6
mount -t overlay overlay -o "lowerdir=$base,upperdir=$upper,workdir=$work" "$root"
cd "$root"
mkdir -p var/lib/kerbside shared
mount --bind "$shared" shared
mount -o loop "$disk" var/lib/kerbside
mount -t proc proc proc
# Nothing in here changes the machine that it stands on.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro,nosuid,nodev,noexec proc/sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for node in null zero full random urandom tty; do : >"dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
# A serial port, for whose group the agent is; and something that everybody may open unless the service may not.
mknod dev/ttyS0 c 4 64; chown 0:20 dev/ttyS0; chmod 660 dev/ttyS0
mknod dev/loop-control c 10 237; chmod 666 dev/loop-control
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
mkdir -p .host
pivot_root . .host
umount -l /.host
rmdir /.host
exec env -i container=kerbside PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set=-sys_module,-sys_time,-syslog,-audit_control,-audit_write \
  /lib/systemd/systemd --log-target=journal --unit=multi-user.target
