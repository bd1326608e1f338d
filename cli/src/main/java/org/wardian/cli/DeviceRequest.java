package org.wardian.cli;

import java.util.List;
import java.util.Optional;
import org.wardian.network.nat.Forward;

/**
 * The devices that {@code ward run} was asked for beside the board's own.
 *
 * @param disks in the order in which the guest finds them
 * @param cdroms as well
 * @param floppy the disk in the floppy drive
 * @param cards network cards
 * @param forwards ports of the host that lead to the guest of the first card with NAT
 * @param shares folders of the host that the guest can mount
 * @param vsock sockets between guest and host, if there are to be any
 * @param rng the source of random numbers
 * @param balloon the balloon, if there is to be one
 * @param console what the terminal is to the guest
 * @param tablet whether the display's pointer is a tablet, where the guest has a driver for it
 * @param firmware what the machine starts with where there is no kernel
 * @param screen how the display is shown, if there is to be one
 */
record DeviceRequest(
    List<DiskArgument> disks,
    List<DiskArgument> cdroms,
    Optional<DiskArgument> floppy,
    List<NetArgument> cards,
    List<Forward> forwards,
    List<ShareArgument> shares,
    Optional<VsockArgument> vsock,
    RngArgument rng,
    Optional<BalloonArgument> balloon,
    ConsoleKind console,
    boolean tablet,
    Optional<String> firmware,
    ScreenRequest screen) {
  /** What a kernel without options finds: a network card. */
  static final DeviceRequest USUAL =
      new DeviceRequest(
          List.of(),
          List.of(),
          Optional.empty(),
          List.of(NetArgument.USUAL),
          List.of(),
          List.of(),
          Optional.empty(),
          RngArgument.USUAL,
          Optional.empty(),
          ConsoleKind.SERIAL,
          false,
          Optional.empty(),
          ScreenRequest.NONE);

  /** The same with other disks and forwards. */
  DeviceRequest with(List<DiskArgument> otherDisks, List<Forward> otherForwards) {
    return new DeviceRequest(
        otherDisks,
        cdroms,
        floppy,
        cards,
        otherForwards,
        shares,
        vsock,
        rng,
        balloon,
        console,
        tablet,
        firmware,
        screen);
  }
}
