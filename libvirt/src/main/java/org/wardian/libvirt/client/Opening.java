package org.wardian.libvirt.client;

import java.io.IOException;
import org.wardian.libvirt.constants.ConnectFlags;
import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.Transport;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.wire.remote.ConnectSupportsFeatureArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** The first messages of a connection: authentication, keepalive, the URI. */
final class Opening {
  private Opening() {}

  static Connection open(String uri, ConnectOptions options) throws LibvirtException {
    ConnectionUri parsed;
    Transport transport;
    try {
      parsed =
          ConnectionUri.parse(
              ClientSettings.isAlias(uri) ? ClientSettings.ofThisProcess().resolve(uri) : uri);
      transport = Dialer.dial(parsed, options);
    } catch (IllegalArgumentException e) {
      throw new LibvirtException(ErrorNumber.INVALID_ARG, ErrorDomain.URI, e.getMessage(), e);
    } catch (IOException e) {
      throw new LibvirtException(ErrorNumber.SYSTEM_ERROR, ErrorDomain.RPC, e.getMessage(), e);
    }
    RpcClient rpc = new RpcClient(new MessageConnection(transport));
    try {
      new Login(rpc, options, parsed).perform();
      if (options.keepaliveCount() > 0 && supports(rpc, DrvFeature.PROGRAM_KEEPALIVE)) {
        rpc.connection().keepAlive(options.keepaliveInterval(), options.keepaliveCount());
      }
      rpc.call(
          RemoteProgram.CONNECT_OPEN,
          new ConnectOpenArgs(parsed.name(), options.readOnly() ? ConnectFlags.RO : 0));
      return new Connection(rpc, parsed);
    } catch (LibvirtException | RuntimeException e) {
      rpc.close();
      if (transport instanceof SshTransport ssh && ssh.failure() != null) {
        throw new LibvirtException(ErrorNumber.SYSTEM_ERROR, ErrorDomain.RPC, ssh.failure(), e);
      }
      throw e;
    }
  }

  static boolean supports(RpcClient rpc, DrvFeature feature) throws LibvirtException {
    return rpc.call(
                RemoteProgram.CONNECT_SUPPORTS_FEATURE,
                new ConnectSupportsFeatureArgs(feature.number()))
            .supported()
        != 0;
  }
}
