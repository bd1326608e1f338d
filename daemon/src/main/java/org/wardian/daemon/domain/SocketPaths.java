package org.wardian.daemon.domain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Graphics;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Paths of sockets on the host: the kernel takes 107 bytes ({@code sun_path} of unix(7), with its
 * zero), from whoever listens and from whoever connects. A longer one is refused before anything is
 * started.
 */
final class SocketPaths {
  private static final int LONGEST = 107;

  private SocketPaths() {}

  /**
   * Checks a path.
   *
   * @throws LibvirtException where it is too long
   */
  static void require(String path) throws LibvirtException {
    if (path.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      throw Refusal.internal("UNIX socket path '" + path + "' too long");
    }
  }

  /** Checks the socket that a character device listens on or connects to, where it has one. */
  static void require(CharacterDevice device) throws LibvirtException {
    if (device.type().equals("unix") && device.path().isPresent()) {
      require(device.path().get());
    }
  }

  /** Checks those of a machine that is to be started: of serial ports, channels, screens. */
  static void require(DomainDocument live) throws LibvirtException {
    List<CharacterDevice> devices = new ArrayList<>(live.serials());
    devices.addAll(live.consoles());
    devices.addAll(live.channels());
    for (CharacterDevice device : devices) {
      require(device);
    }
    for (Graphics graphics : live.graphics()) {
      Optional<String> socket = graphics.socket();
      if (socket.isPresent()) {
        require(socket.get());
      }
    }
  }
}
