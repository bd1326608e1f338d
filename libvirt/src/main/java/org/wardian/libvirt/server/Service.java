package org.wardian.libvirt.server;

import java.io.IOException;
import java.util.List;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.Transport;

/** A place where clients connect. */
public interface Service extends AutoCloseable {
  /** A client that has connected, before anything was exchanged with it. */
  interface Arrival {
    /** Who it is, for messages. */
    String address();

    /**
     * Does what has to be done before the first message, such as TLS; may take as long as the peer
     * likes, until {@link #abort}.
     *
     * @throws IOException where the peer is refused
     */
    Transport establish() throws IOException;

    /** Ends the connection, whoever waits for it. */
    void abort();
  }

  /**
   * Waits for a client.
   *
   * @return it; null once this is closed
   * @throws IOException where no more can come
   */
  Arrival accept() throws IOException;

  /** Whether its clients may only look. */
  boolean readOnly();

  /** How a client may authenticate: the first is what clients use unless told otherwise. */
  List<AuthenticationType> authentication(Peer peer);

  /** What it is, for messages. */
  String name();

  @Override
  void close();
}
