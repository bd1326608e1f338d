package org.wardian.libvirt.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.wire.keepalive.KeepaliveProgram;
import org.wardian.libvirt.wire.lxc.LxcProgram;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** The tables are the protocol of libvirt 9.0.0. */
class ProgramTest {
  @Test
  void programsHaveTheirNumbers() {
    assertThat(RemoteProgram.NUMBER).isEqualTo(0x2000_8086);
    assertThat(QemuProgram.NUMBER).isEqualTo(0x2000_8087);
    assertThat(LxcProgram.NUMBER).isEqualTo(0x0006_8000);
    assertThat(KeepaliveProgram.NUMBER).isEqualTo(0x6b65_6570);
    assertThat(RemoteProgram.PROGRAM.version()).isEqualTo(1);
  }

  @Test
  void everyNumberIsAProcedureOrAnEvent() {
    Program remote = RemoteProgram.PROGRAM;
    for (int number = 1; number <= 443; number++) {
      assertThat(remote.procedure(number) != null ^ remote.event(number) != null)
          .as("number %s", number)
          .isTrue();
    }
    assertThat(remote.procedure(0)).isNull();
    assertThat(remote.procedure(444)).isNull();
    assertThat(remote.events()).hasSize(51);
  }

  @Test
  void aRowSaysWhatItSays() {
    Procedure<?, ?> upload = RemoteProgram.STORAGE_VOL_UPLOAD;

    assertThat(upload.number()).isEqualTo(208);
    assertThat(upload.stream()).isEqualTo(Procedure.StreamWay.WRITE);
    assertThat(upload.readOnly()).isEqualTo(Procedure.ReadOnly.DENIED);
    assertThat(upload.function()).isEqualTo("virStorageVolUpload");
    assertThat(RemoteProgram.DOMAIN_OPEN_GRAPHICS_FD.descriptors().inReply()).isTrue();
    assertThat(RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE.number()).isEqualTo(318);
  }

  @Test
  void whereTheTableDoesNotSayPermissionsDecideForReadOnlyConnections() {
    assertThat(RemoteProgram.AUTH_LIST.readOnly()).isEqualTo(Procedure.ReadOnly.ALLOWED);
    assertThat(RemoteProgram.CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY.readOnly())
        .isEqualTo(Procedure.ReadOnly.ALLOWED);
    assertThat(RemoteProgram.DOMAIN_MIGRATE_PREPARE3.readOnly())
        .isEqualTo(Procedure.ReadOnly.DENIED);
    assertThat(QemuProgram.CONNECT_DOMAIN_MONITOR_EVENT_REGISTER.readOnly())
        .isEqualTo(Procedure.ReadOnly.DENIED);
  }

  @Test
  void constantsAreFoundByNumber() {
    assertThat(ErrorNumber.of(42)).isEqualTo(ErrorNumber.NO_DOMAIN);
    assertThat(ErrorNumber.of(9999)).isNull();
    assertThat(ErrorDomain.RPC.number()).isEqualTo(7);
  }
}
