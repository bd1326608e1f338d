package org.wardian.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.wardian.network.nat.Forward;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of {@code ward run} that name disks, networks, firmware and display. */
final class DeviceOptionsMixin {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-d", "--disk"},
      paramLabel = "IMAGE[,WORD...]",
      description =
          "A disk, may be repeated: an image of any format that 'ward disk info' knows. Words:"
              + " bus=virtio (default), scsi, ide or ahci; readonly; snapshot, the guest's writes"
              + " are thrown away at the end; format=NAME where the content shall not decide;"
              + " serial=TEXT; queues=N; iops=N and bps=SIZE, the most operations and bytes a"
              + " second, -read and -write behind them for those alone, iops-burst and bps-burst"
              + " for burst-seconds=N after an idle time; cache=unsafe, faster, and lost if this"
              + " host crashes; discard=off; errors=report, stop or ignore, what this host's errors"
              + " are to the guest (without it: reported, but a full disk makes it wait). A comma"
              + " in the name is written twice.")
  private List<String> disks = List.of();

  @Option(
      names = "--cdrom",
      paramLabel = "ISO[,bus=BUS]",
      description = "A CD-ROM in a drive, may be repeated; bus=ahci (default), ide or scsi.")
  private List<String> cdroms = List.of();

  @Option(
      names = "--floppy",
      paramLabel = "IMAGE[,WORD...]",
      description = "A floppy disk in the drive; words readonly and snapshot.")
  private String floppy;

  @Option(
      names = {"-f", "--firmware"},
      paramLabel = "NAME",
      description =
          "Start by firmware rather than by a kernel: bios, SeaBIOS of this host; uefi, OVMF of"
              + " this host, which forgets its variables at the end; or a file with a BIOS. Without"
              + " it, a machine that has disks, and neither --kernel nor GUEST, starts by bios.")
  private String firmware;

  @Option(
      names = {"-n", "--net"},
      paramLabel = "NET[,WORD...]",
      description =
          "A network card and what it is plugged into, may be repeated: nat (what there is without"
              + " this option), a network of its own behind this host's sockets, where the guest"
              + " has 10.0.2.15 by DHCP and finds this host's loopback at 10.0.2.2; tap=DEV, an"
              + " interface of this host; switch=NAME, a switch that all of your machines on this"
              + " host with the same NAME share; none. Words: model=virtio (default) or e1000;"
              + " mac=ADDRESS; queues=N; pcap=FILE, a record of all that passes; with nat,"
              + " reach=everywhere (default), host or nowhere; tftp=DIR, whose files the gateway"
              + " serves by TFTP, and bootfile=NAME, what --firmware starts from the network: a"
              + " file of DIR such as pxelinux.0, or an address, by iPXE of this host's package"
              + " ipxe-qemu or by UEFI itself.")
  private List<String> nets = List.of();

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "[ADDRESS:]PORT:PORT[/udp]",
      description =
          "A port of this host that leads to one of the guest, may be repeated: 2222:22. Without an"
              + " address this host listens on 127.0.0.1 alone.")
  private List<String> publish = List.of();

  @Option(
      names = "--pcap",
      paramLabel = "FILE",
      description =
          "Write all that passes at the first network card to FILE, for tcpdump or Wireshark.")
  private Path pcap;

  @Option(
      names = "--share",
      paramLabel = "DIR[,WORD...]",
      description =
          "A folder of this host that the guest can mount, may be repeated: mount -t 9p -o"
              + " trans=virtio,version=9p2000.L TAG /mnt. Words: tag=TAG (default: share, then"
              + " share2 and so on); readonly; owner=root (default), your files are root's in the"
              + " guest, or host, they have your numbers. What the guest makes is yours.")
  private List<String> shares = List.of();

  @Option(
      names = "--vsock",
      paramLabel = "FILE[,cid=N]",
      description =
          "Sockets between guest and host (AF_VSOCK): a program of this host that connects to the"
              + " UNIX socket FILE and writes 'CONNECT PORT' and a line feed reaches that port of"
              + " the guest; one that listens at FILE_PORT is what the guest reaches at that port"
              + " of address 2. cid is the guest's address (default: 3).")
  private String vsock;

  @Option(
      names = "--rng",
      paramLabel = "WORD",
      defaultValue = "on",
      description =
          "A virtio source of random numbers, this host's: on (default), off, or the most bytes a"
              + " second that it gives, such as 64K.")
  private String rng;

  @Option(
      names = "--balloon",
      arity = "0..1",
      paramLabel = "SIZE",
      fallbackValue = "",
      description =
          "A virtio balloon: memory that the guest has free goes back to this host, and --json,"
              + " --stats and Ctrl-A i tell how the guest uses the rest. With SIZE the guest is"
              + " asked to do without so much.")
  private String balloon;

  @Option(
      names = "--console",
      paramLabel = "KIND",
      defaultValue = "serial",
      description =
          "What this terminal is to the guest: ${COMPLETION-CANDIDATES} (default:"
              + " ${DEFAULT-VALUE}). A virtio console is the guest's /dev/hvc0, for kernels with"
              + " console=hvc0; what they write to the serial port is shown as well.")
  private ConsoleKind console;

  @Option(
      names = "--input",
      paramLabel = "KIND",
      description =
          "What the pointer of a VNC viewer is to the guest: tablet (default), which puts it where"
              + " the viewer's is and needs the guest's driver virtio_input, without which it is a"
              + " mouse; mouse.")
  private PointerKind input;

  @Option(
      names = "--vnc",
      paramLabel = "ADDRESS[,WORD...]",
      description =
          "Give the machine a display, keyboard and mouse, and show them to VNC viewers at ADDRESS:"
              + " :1 is port 5901 of this host for viewers on it, 0.0.0.0:1 for everybody's, or"
              + " unix:/path. Words: password-file=FILE; certificate=FILE and key=FILE for TLS.")
  private String vnc;

  @Option(
      names = "--screenshot",
      paramLabel = "FILE",
      description =
          "Give the machine a display, and at the end write what it shows to FILE as PNG.")
  private Path screenshot;

  /** Whether the options name something that firmware could boot, or firmware itself. */
  boolean bootsByItself() {
    return firmware != null || !disks.isEmpty() || !cdroms.isEmpty() || floppy != null;
  }

  /** Whether firmware was named. */
  boolean namesFirmware() {
    return firmware != null;
  }

  /**
   * What was asked for.
   *
   * @param hasKernel whether a kernel is booted, so that no firmware is needed
   * @param memory bytes of the guest's RAM
   * @throws ParameterException where it makes no sense
   */
  DeviceRequest request(boolean hasKernel, long memory) {
    if (hasKernel && firmware != null) {
      throw new ParameterException(
          spec.commandLine(), "--firmware starts what is on a disk; a kernel needs none");
    }
    if (input != null && vnc == null) {
      throw new ParameterException(
          spec.commandLine(), "--input is about the pointer of a viewer; it needs --vnc");
    }
    List<NetArgument> cards =
        nets.isEmpty() ? List.of(NetArgument.USUAL) : each(nets, NetArgument::parse);
    if (pcap != null) {
      if (cards.getFirst().kind() == NetArgument.Kind.NONE) {
        throw new ParameterException(spec.commandLine(), "--pcap needs a card, not --net none");
      }
      List<NetArgument> captured = new ArrayList<>(cards);
      captured.set(0, cards.getFirst().capturedTo(pcap));
      cards = captured;
    }
    List<Forward> forwards = each(publish, Forward::parse);
    boolean nat = cards.stream().anyMatch(card -> card.kind() == NetArgument.Kind.NAT);
    if (!forwards.isEmpty() && !nat) {
      throw new ParameterException(
          spec.commandLine(), "--publish needs --net nat: other networks have no host in front");
    }
    return new DeviceRequest(
        each(disks, DiskArgument::disk),
        each(cdroms, DiskArgument::cdrom),
        Optional.ofNullable(floppy)
            .map(text -> each(List.of(text), DiskArgument::floppy).getFirst()),
        cards,
        forwards,
        each(shares, ShareArgument::parse),
        Optional.ofNullable(vsock)
            .map(text -> each(List.of(text), VsockArgument::parse).getFirst()),
        each(List.of(rng), RngArgument::parse).getFirst(),
        Optional.ofNullable(balloon)
            .map(text ->
                each(List.of(text), size -> BalloonArgument.parse(size, memory)).getFirst()),
        console,
        vnc != null && input != PointerKind.MOUSE,
        hasKernel ? Optional.empty() : Optional.of(firmware == null ? "bios" : firmware),
        screen());
  }

  private ScreenRequest screen() {
    Optional<ScreenRequest.VncArgument> viewers =
        vnc == null
            ? Optional.empty()
            : Optional.of(each(List.of(vnc), ScreenRequest.VncArgument::parse).getFirst());
    return new ScreenRequest(viewers, Optional.ofNullable(screenshot));
  }

  private <T> List<T> each(List<String> texts, Function<String, T> parse) {
    try {
      return texts.stream().map(parse).toList();
    } catch (IllegalArgumentException | TypeConversionException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }
}
