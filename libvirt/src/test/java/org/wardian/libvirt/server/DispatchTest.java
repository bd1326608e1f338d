package org.wardian.libvirt.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsRet;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.wire.remote.DomainCreateArgs;
import org.wardian.libvirt.wire.remote.DomainDefineXmlFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainGetMetadataArgs;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainLookupByNameArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.ErrorDetails;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a call is answered, right or wrong: numbers and words are libvirtd's. */
@EnabledOnOs(OS.LINUX)
class DispatchTest {
  private static final DomainRef NOBODY = new DomainRef("nobody", new UUID(0, 1), -1);

  @TempDir private Path folder;
  private final MemoryHost host = new MemoryHost();
  private Server server;
  private RawPeer peer;

  @BeforeEach
  void start() throws Exception {
    server = host.server();
    server.serve(service("socket", false));
    server.serve(service("socket-ro", true));
    peer = new RawPeer(folder.resolve("socket"));
  }

  private UnixService service(String name, boolean readOnly) throws Exception {
    return new UnixService(
        folder.resolve(name),
        PosixFilePermissions.fromString("rw-------"),
        readOnly,
        List.of(AuthenticationType.NONE));
  }

  @AfterEach
  void stop() {
    peer.close();
    server.close();
  }

  private static void assertError(ErrorDetails error, int code, int domain, String message) {
    assertThat(error.message()).isEqualTo(message);
    assertThat(error.code()).as(message).isEqualTo(code);
    assertThat(error.domain()).as(message).isEqualTo(domain);
    assertThat(error.level()).isEqualTo(2);
    assertThat(error.int1()).isEqualTo(-1);
    assertThat(error.int2()).isEqualTo(-1);
    assertThat(error.dom()).isNull();
  }

  @Test
  void whatIsNoProcedureIsRefused() throws Exception {
    peer.open();
    assertError(
        peer.error(Frame.of(new Header(RemoteProgram.NUMBER, 1, 9_999, 0, 7, 0))),
        39,
        7,
        "unknown procedure: 9999");
    assertError(
        peer.error(Frame.of(new Header(RemoteProgram.NUMBER, 1, 318, 0, 7, 0))),
        39,
        7,
        "unknown procedure: 318");
    assertError(
        peer.error(Frame.of(new Header(0x1234, 1, 1, 0, 7, 0))),
        39,
        7,
        "Cannot find program 4660 version 1");
    assertError(
        peer.error(Frame.of(new Header(RemoteProgram.NUMBER, 2, 1, 0, 7, 0))),
        39,
        7,
        "Cannot find program 536903814 version 2");
    assertError(
        peer.error(Frame.of(new Header(RemoteProgram.NUMBER, 1, 3, 0, 7, 1))),
        39,
        7,
        "Unexpected message status 1");
  }

  @Test
  void argumentsThatCannotBeReadAreRefused() throws Exception {
    peer.open();
    ErrorDetails error =
        peer.error(
            Frame.of(
                RawPeer.header(RemoteProgram.DOMAIN_LOOKUP_BY_NAME, 1), new byte[] {1, 2}, 0, 2));

    assertThat(error.code()).isEqualTo(39);
    assertThat(error.domain()).isEqualTo(7);
    assertThat(error.message()).startsWith("Unable to decode message payload");
  }

  @Test
  void aHandlersErrorHasLibvirtsShape() throws Exception {
    peer.open();
    ErrorDetails error =
        peer.error(
            Frame.of(
                RawPeer.header(RemoteProgram.DOMAIN_LOOKUP_BY_NAME, 1),
                new DomainLookupByNameArgs("nobody")));

    assertError(error, 42, 10, "Domain not found: no domain with matching name 'nobody'");
    assertThat(error.str1()).isEqualTo("Domain not found: %s");
    assertThat(error.str2()).isEqualTo("no domain with matching name 'nobody'");
    assertThat(error.str3()).isNull();
  }

  @Test
  void whatHasNoHandlerIsNotSupported() throws Exception {
    peer.open();
    assertError(
        peer.error(
            Frame.of(RawPeer.header(RemoteProgram.NODE_GET_FREE_MEMORY, 1), Nothing.NOTHING)),
        3,
        0,
        "this function is not supported by the connection driver: virNodeGetFreeMemory");
  }

  @Test
  void aFaultOfTheDaemonIsAnErrorAndNotTheEnd() throws Exception {
    peer.open();
    ErrorDetails error =
        peer.error(
            Frame.of(
                RawPeer.header(RemoteProgram.DOMAIN_GET_METADATA, 1),
                new DomainGetMetadataArgs(NOBODY, 0, null, 0)));

    assertThat(error.code()).isEqualTo(1);
    assertThat(peer.call(RemoteProgram.CONNECT_GET_TYPE).header().status()).isZero();
  }

  @Test
  void nothingWorksBeforeAUriIsOpenedAndOnlyOneIs() throws Exception {
    assertError(
        peer.error(Frame.of(RawPeer.header(RemoteProgram.CONNECT_GET_TYPE, 1), Nothing.NOTHING)),
        1,
        7,
        "internal error: connection not open");
    Frame absent =
        Frame.of(RawPeer.header(RemoteProgram.CONNECT_OPEN, 2), new ConnectOpenArgs(null, 0));
    assertThat(peer.error(absent).code()).isEqualTo(1);
    assertError(
        peer.error(
            Frame.of(
                RawPeer.header(RemoteProgram.CONNECT_OPEN, 3),
                new ConnectOpenArgs("xen:///system", 0))),
        5,
        0,
        "no connection driver available for xen:///system");
    peer.open();
    Frame again =
        Frame.of(
            RawPeer.header(RemoteProgram.CONNECT_OPEN, 4),
            new ConnectOpenArgs("qemu:///system", 0));
    assertThat(peer.error(again).message()).contains("already open");
  }

  @Test
  void whatIsNoCallIsDropped() throws Exception {
    peer.open();
    peer.connection().send(Frame.of(new Header(RemoteProgram.NUMBER, 1, 3, 1, 50, 0)));
    peer.connection().send(Frame.of(new Header(RemoteProgram.NUMBER, 1, 201, 3, 50, 2)));
    peer.connection().send(Frame.of(new Header(RemoteProgram.NUMBER, 1, 201, 6, 50, 2)));
    peer.connection().send(Frame.of(new Header(RemoteProgram.NUMBER, 1, 3, 2, 50, 0)));
    peer.connection().send(Frame.of(new Header(RemoteProgram.NUMBER, 1, 3, 77, 50, 0)));

    Message reply = peer.call(RemoteProgram.CONNECT_GET_TYPE);
    assertThat(reply.header().procedure()).isEqualTo(3);
    assertThat(reply.header().status()).isZero();
  }

  @Test
  void bytesAfterTheArgumentsAreIgnored() throws Exception {
    peer.open();
    peer.connection()
        .send(Frame.of(RawPeer.header(RemoteProgram.CONNECT_GET_TYPE, 9), new byte[100], 0, 100));
    assertThat(peer.connection().receive().header().status()).isZero();
  }

  @Test
  void aReadOnlyClientOnlyLooks() throws Exception {
    DomainRef domain = host.domains().define("<domain><name>a</name></domain>");
    try (RawPeer reader = new RawPeer(folder.resolve("socket-ro")).open()) {
      Message list =
          reader.call(RemoteProgram.CONNECT_LIST_ALL_DOMAINS, new ConnectListAllDomainsArgs(1, 0));
      assertThat(ConnectListAllDomainsRet.read(list.reader()).domains()).containsExactly(domain);
      assertError(
          reader.error(
              Frame.of(
                  RawPeer.header(RemoteProgram.DOMAIN_CREATE, 1), new DomainCreateArgs(domain))),
          29,
          20,
          "operation forbidden: read only access prevents virDomainCreate");
      assertThat(
              reader
                  .call(RemoteProgram.DOMAIN_GET_XML_DESC, new DomainGetXmlDescArgs(domain, 2))
                  .header()
                  .status())
          .isZero();
      assertError(
          reader.error(
              Frame.of(
                  RawPeer.header(RemoteProgram.DOMAIN_GET_XML_DESC, 1),
                  new DomainGetXmlDescArgs(domain, 1))),
          29,
          20,
          "operation forbidden: virDomainGetXMLDesc with secure flag");
    }
  }

  @Test
  void flagsThatAreNotKnownAreNamed() throws Exception {
    peer.open();
    ErrorDetails error =
        peer.error(
            Frame.of(
                RawPeer.header(RemoteProgram.DOMAIN_DEFINE_XML_FLAGS, 1),
                new DomainDefineXmlFlagsArgs("<domain/>", 0x30)));
    // As libvirt 9.0 says it: without the number's usual words, and with its driver's function.
    assertThat(error.message())
        .isEqualTo("unsupported flags (0x30) in function qemuDomainDefineXMLFlags");
    assertThat(error.code()).isEqualTo(8);
    assertThat(error.domain()).isEqualTo(10);
    assertThat(error.int1()).isZero();
    assertThat(error.int2()).isZero();
  }

  @Test
  void theConnectionIsClosedAfterTheReplyToClose() throws Exception {
    peer.open();
    assertThat(peer.call(RemoteProgram.CONNECT_CLOSE).header().status()).isZero();
    assertThat(peer.connection().receive()).isNull();
  }
}
