package org.wardian.libvirt.memory;

import java.util.List;
import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.ConnectionOpener;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.wire.remote.ConnectGetCapabilitiesRet;
import org.wardian.libvirt.wire.remote.ConnectGetHostnameRet;
import org.wardian.libvirt.wire.remote.ConnectGetLibVersionRet;
import org.wardian.libvirt.wire.remote.ConnectGetTypeRet;
import org.wardian.libvirt.wire.remote.ConnectGetUriRet;
import org.wardian.libvirt.wire.remote.ConnectGetVersionRet;
import org.wardian.libvirt.wire.remote.NodeGetInfoRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A host that exists in memory only, so that a server has something to serve. */
public final class MemoryHost implements ConnectionOpener, HandlerFamily {
  private final MemoryDomains domains = new MemoryDomains();
  private final MemoryPool pool = new MemoryPool();
  private Server server;

  /** A server of this host; where it serves is for the caller to say. */
  public Server server(Server.Settings settings) {
    server = new Server(settings, List.of(this, domains, pool));
    domains.events(server.events());
    return server;
  }

  /** A server with the usual settings. */
  public Server server() {
    return server(new Server.Settings(this));
  }

  /** Its domains. */
  public MemoryDomains domains() {
    return domains;
  }

  @Override
  public void open(Session session, String uri) throws LibvirtException {
    if (!uri.isEmpty() && !uri.equals("qemu:///system") && !uri.equals("qemu:///session")) {
      throw new LibvirtException(ErrorNumber.NO_CONNECT, ErrorDomain.NONE, uri);
    }
  }

  @Override
  public boolean supportsFeature(Session session, int feature) {
    return feature == DrvFeature.TYPED_PARAM_STRING.number();
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.CONNECT_GET_TYPE, (call, nothing) -> new ConnectGetTypeRet("QEMU"));
    table.on(
        RemoteProgram.CONNECT_GET_VERSION, (call, nothing) -> new ConnectGetVersionRet(7_002_000));
    table.on(
        RemoteProgram.CONNECT_GET_LIB_VERSION,
        (call, nothing) -> new ConnectGetLibVersionRet(9_000_000));
    table.on(
        RemoteProgram.CONNECT_GET_HOSTNAME,
        (call, nothing) -> new ConnectGetHostnameRet("memory.example"));
    table.on(
        RemoteProgram.CONNECT_GET_URI, (call, nothing) -> new ConnectGetUriRet("qemu:///system"));
    table.on(
        RemoteProgram.CONNECT_GET_CAPABILITIES,
        (call, nothing) -> new ConnectGetCapabilitiesRet("<capabilities/>\n"));
    table.on(
        RemoteProgram.NODE_GET_INFO,
        (call, nothing) -> new NodeGetInfoRet("x86_64", 1 << 20, 2, 2_000, 1, 1, 2, 1));
  }
}
