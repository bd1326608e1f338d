package org.wardian.libvirt.tls;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.Transport;

/**
 * TLS 1.3 or 1.2 over a connected socket. The daemon says by a byte 1 that it accepts the client's
 * certificate: with TLS 1.3 a client's handshake ends before that is known.
 */
public final class TlsTransport implements Transport {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final byte ACCEPTED = 1;

  private final Socket raw;
  private final InputStream in;
  private final OutputStream out;
  private final Peer peer;

  private TlsTransport(Socket raw, SSLSocket secured, String address) throws IOException {
    this.raw = raw;
    in = secured.getInputStream();
    out = secured.getOutputStream();
    peer = new Peer(Peer.Kind.TLS, address, null, distinguishedName(secured));
  }

  private static String distinguishedName(SSLSocket socket) {
    try {
      X509Certificate certificate = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      return certificate.getSubjectX500Principal().getName();
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  /**
   * The daemon's side.
   *
   * @throws IOException where the client has no certificate that is trusted
   */
  public static TlsTransport accept(Socket raw, String address, TlsIdentity identity)
      throws IOException {
    SSLSocket secured = secured(raw, address, identity);
    secured.setUseClientMode(false);
    secured.setNeedClientAuth(true);
    secured.startHandshake();
    TlsTransport transport = new TlsTransport(raw, secured, address);
    transport.write(new byte[] {ACCEPTED}, 0, 1);
    return transport;
  }

  private static SSLSocket secured(Socket raw, String host, TlsIdentity identity)
      throws IOException {
    SSLSocket secured =
        (SSLSocket)
            identity.context().getSocketFactory().createSocket(raw, host, raw.getPort(), true);
    secured.setEnabledProtocols(PROTOCOLS);
    return secured;
  }

  /**
   * The client's side.
   *
   * @param host what the daemon's certificate has to name
   * @param verify whether it has to name it
   * @throws IOException where the daemon is not trusted, or does not trust this client
   */
  public static TlsTransport connect(Socket raw, String host, TlsIdentity identity, boolean verify)
      throws IOException {
    SSLSocket secured = secured(raw, host, identity);
    secured.setUseClientMode(true);
    if (verify) {
      SSLParameters parameters = secured.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secured.setSSLParameters(parameters);
    }
    secured.startHandshake();
    TlsTransport transport = new TlsTransport(raw, secured, host);
    if (transport.in.read() != ACCEPTED) {
      throw new IOException(host + " does not accept this client's certificate");
    }
    return transport;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    return in.read(into, offset, length);
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    out.write(from, offset, length);
    out.flush();
  }

  @Override
  public Peer peer() {
    return peer;
  }

  /** Closes the socket below at once: a polite end would wait for a peer that does not read. */
  @Override
  public void close() {
    try {
      raw.close();
    } catch (IOException e) {
      // It is of no more use either way.
    }
  }
}
