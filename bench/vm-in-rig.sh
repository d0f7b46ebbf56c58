# What bench/vm-rig has the rig run: our machine and QEMU's microvm in turn, with the same kernel, initrd and command line, each
# with a disk, a network card and the socket device. Prints "NAME WHAT VALUE…", a line each.
set -u
mkdir -p /mnt /opt/q /tmp/b; mountpoint -q /mnt || mount -t erofs -o ro /dev/vdc /mnt; mountpoint -q /opt/q || mount -t erofs -o ro /dev/vdd /opt/q
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
peer=/mnt/bin/peer; export PATH=$PATH:/mnt/bin
modprobe vhost_vsock
cat /mnt/cloud/vmlinux /mnt/cloud/initrd /opt/q/bin/* /opt/q/lib/* /host/* >/dev/null # both find their files in memory
ip tuntap add tap0 mode tap vnet_hdr; ip addr add 10.9.0.1/24 dev tap0; ip link set tap0 up
cd /tmp/b; truncate -s 64M disk
line='quiet loglevel=1 panic=-1 cryptomgr.notests load=virtio_mmio,vmw_vsock_virtio_transport,virtio_blk,virtio_net'
# What the daemon's machines are told, and to say all they do on a port.
boot='console=hvc0 loglevel=7 tsc=reliable no_timer_check reboot=k i8042.noaux i8042.nomux i8042.dumbkbd 8250.nr_uarts=1 panic=-1 cryptomgr.notests random.trust_cpu=on SWIFT_ROOT=/'
now() { date +%s%N | cut -b -16; }
# Those of all machines: of one that is stopped they do not grow.
exits() { cat /sys/kernel/debug/kvm/*/exits | awk '{ sum += $1 } END { print sum }'; }
# NAME COMMAND...: a boot of what the daemon boots, up to the first word of its agent. Microseconds: the start, that word, when
# the agent's line came; seconds of the kernel's clock of that line; milliseconds of that clock: the agent's start and its end.
agent() {
    name=$1; shift
    rm -f agent console
    timeout 120 $peer log unix:/tmp/b/console >lines & log=$!
    timeout 120 $peer first unix:/tmp/b/agent >ready & first=$!
    began=$(now)
    "$@" >log-$name 2>&1 </dev/null & vm=$!
    wait $first || cat log-$name
    # The line may still be on its way.
    for try in 1 2 3 4 5 6 7 8 9 10; do grep -q bulkhead-guest lines && break; sleep 0.2; done
    # It keeps its memory to the end: in software, each byte written to a page that code has run in takes the long way, which
    # is the rig's fault and not that of who is given the page next.
    kill -STOP $vm; kill $log; wait $log 2>/dev/null
    echo "$name boot $began $(cat ready) $(sed -n -E 's/^([0-9]+) \[ *([0-9.]+).*begun ([0-9]+) ms and ready ([0-9]+) ms.*/\1 \2 \3 \4/p' lines)"
}
# NAME ADDRESS-OF-READY ADDRESS-OF-SHELL-PREFIX ADDRESS-OF-PORT COMMAND...
measure() {
    name=$1 ready=$2 shell=$3 port=$4; shift 4
    timeout 120 $peer receive $ready 0 >/dev/null 2>&1 & waiter=$!
    sleep 1
    "$@" >console-$name 2>log-$name </dev/null & vm=$!
    wait -n $waiter $vm
    kill -0 $vm || { cat console-$name log-$name; return 1; }
    g() { timeout 60 $peer shell $shell; }
    echo 'ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up' | g
    # Milliseconds of the kernel's clock when it begins to look for its initrd.
    echo "$name initrd_ms $(echo 'dmesg | sed -n -E "/unpack rootfs/s/^\[ *([0-9]+)\.([0-9]{3}).*/\1\2/p"' | g)"
    echo "$name write $(echo 'peer send direct:/dev/vda 33554432' | g)"
    echo "$name read $(echo 'peer receive direct:/dev/vda 33554432' | g)"
    timeout 60 $peer receive tcp-listen:5000 4194304 >net-out & w=$!; echo 'timeout 50 peer send tcp:10.9.0.1:5000 4194304' | g >/dev/null; wait $w; echo "$name net_out $(cat net-out)"
    echo 'timeout 50 peer receive tcp-listen:5001 4194304' | g >/dev/null & w=$!; echo "$name net_in $(timeout 60 $peer send tcp:10.9.0.2:5001 4194304)"; wait $w
    echo 'timeout 50 peer answer vsock-listen:6' | g >/dev/null & w=$!; sleep 1; echo "$name vsock $(timeout 50 $peer ask $port 200)"; wait $w
    a=$(exits); sleep 20; b=$(exits); echo "$name idle_exits_per_s $(( (b - a) / 20 ))"
    kill -9 $vm; wait $vm 2>/dev/null
}
ours() {
    agent ours /host/bulkhead-vmm --boot /mnt/cloud/vmlinux --initrd /host/initrd --memory 256 --command-line "$boot" --no-serial --console console:console --console org.bulkhead.guest:agent
    measure ours unix-listen:/tmp/b/v_1 unix:/tmp/b/v:1000 unix:/tmp/b/v:6 /host/bulkhead-vmm --boot /mnt/cloud/vmlinux --initrd /mnt/cloud/initrd --memory 256 --command-line "$line" --no-serial --disk disk --tap tap0 --vsock 3:v; rm -f v v_1
}
microvm() { exec /opt/q/lib/ld-linux-x86-64.so.2 --library-path /opt/q/lib /opt/q/bin/qemu-system-x86_64 -L /opt/q/share -nodefaults -no-user-config -no-reboot -display none -M microvm,x-option-roms=off,isa-serial=off,acpi=on,rtc=on -accel kvm -cpu host -m 256 -global virtio-mmio.force-legacy=false -kernel /mnt/cloud/vmlinux "$@"; }
qemu() {
    agent qemu microvm -initrd /host/initrd -append "$boot" -device virtio-serial-device -chardev socket,id=c,path=console,server=on,wait=off -device virtconsole,chardev=c -chardev socket,id=a,path=agent,server=on,wait=off -device virtserialport,chardev=a,name=org.bulkhead.guest
    measure qemu vsock-listen:1 vsock:3:1000 vsock:3:6 microvm -initrd /mnt/cloud/initrd -append "$line" -drive id=d,if=none,format=raw,file=disk -device virtio-blk-device,drive=d -netdev tap,id=n,ifname=tap0,script=no,downscript=no -device virtio-net-device,netdev=n -device vhost-vsock-device,guest-cid=3
}
# The first machine of all finds nothing translated yet in the rig's own software processor: it does not count.
warm() {
    # Not by way of timeout: to kill that leaves the machine, which would run beside all that is measured.
    /host/bulkhead-vmm --boot /mnt/cloud/vmlinux --initrd /mnt/cloud/initrd --memory 256 --command-line "$line" --no-serial --vsock 3:v >/dev/null 2>&1 </dev/null & vm=$!
    timeout 120 $peer receive unix-listen:/tmp/b/v_1 0 >/dev/null
    kill -9 $vm; wait $vm 2>/dev/null; rm -f v v_1
}
