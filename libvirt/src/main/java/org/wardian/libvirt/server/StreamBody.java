package org.wardian.libvirt.server;

import java.io.IOException;
import org.wardian.libvirt.error.LibvirtException;

/** What the daemon's side of a stream does, on a virtual thread of its own. */
@FunctionalInterface
public interface StreamBody {
  /**
   * Sends and receives. A return ends the stream well: the client is told that no more comes, and
   * its end is confirmed.
   *
   * @throws LibvirtException the stream fails, and the client is told why
   * @throws IOException the client ended the stream, or is gone
   */
  void run(ServerStream stream) throws LibvirtException, IOException;
}
