package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.MessageType;
import org.wardian.libvirt.rpc.StreamFrames;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.rpc.UnixTransport;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StorageVolDownloadArgs;
import org.wardian.libvirt.wire.remote.StorageVolRef;

/**
 * A daemon that sends a stream's first message before the reply to the call that opens it, as
 * libvirtd does now and then: its worker replies, and its event loop sends what is there already.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class EarlyStreamTest {
  @Test
  void nothingOfAStreamIsLost() throws Exception {
    UnixSocket[] pair = UnixSocket.pair();
    try (MessageConnection ours = new MessageConnection(new UnixTransport(pair[0], "daemon"));
        MessageConnection theirs = new MessageConnection(new UnixTransport(pair[1], "client"))) {
      RpcClient client = new RpcClient(ours);
      CompletableFuture<ClientStream> opened = new CompletableFuture<>();
      Thread.startVirtualThread(() -> {
        try {
          opened.complete(
              client
                  .call(
                      RemoteProgram.STORAGE_VOL_DOWNLOAD,
                      new StorageVolDownloadArgs(
                          new StorageVolRef("pool", "volume", new UUID(0, 1).toString()), 0, 0, 1),
                      List.of(),
                      true)
                  .stream());
        } catch (Exception e) {
          opened.completeExceptionally(e);
        }
      });
      Header call = theirs.receive().header();
      StreamFrames frames = new StreamFrames(call.answer(MessageType.CALL, Header.OK));
      theirs.send(frames.hole(4096));
      theirs.send(Frame.of(call.answer(MessageType.REPLY, Header.OK), Nothing.NOTHING));
      theirs.send(frames.data(new byte[] {7}, 0, 1));

      ClientStream stream = opened.get();
      assertThat(stream.receive()).isEqualTo(new StreamItem.Hole(4096));
      assertThat(stream.receive())
          .isInstanceOfSatisfying(
              StreamItem.Data.class, data -> assertThat(data.bytes()).containsExactly(7));
    }
  }
}
