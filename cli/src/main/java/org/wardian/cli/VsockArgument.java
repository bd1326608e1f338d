package org.wardian.cli;

import java.nio.file.Path;
import org.wardian.virtio.vsock.VirtioVsock;

/**
 * {@code --vsock}: sockets between guest and host.
 *
 * @param file where programs of the host connect, and the beginning of the names of those where
 *     they listen
 * @param address of the guest (CID)
 */
record VsockArgument(Path file, long address) {
  private static final String KNOWN = "cid=N";
  private static final long GREATEST = 0xffff_fffeL;

  /**
   * Reads {@code FILE[,cid=N]}.
   *
   * @throws IllegalArgumentException for what makes no sense, with what would
   */
  static VsockArgument parse(String text) {
    OptionText words = OptionText.parse("--vsock", text);
    if (words.head().isEmpty()) {
      throw new IllegalArgumentException("--vsock names no file: " + text);
    }
    VsockArgument vsock =
        new VsockArgument(
            Path.of(words.head()),
            words.number("cid", VirtioVsock.USUAL_ADDRESS, GREATEST, VirtioVsock.USUAL_ADDRESS));
    words.end(KNOWN);
    return vsock;
  }
}
