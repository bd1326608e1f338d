package org.wardian.definition.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.definition.storage.VolumeDefinition.Capacity;
import org.wardian.definition.storage.VolumeDefinition.Kind;

/** Documents of volumes that are devices, as libvirt 9.0 writes those of a volume group. */
class VolumeOfDevicesTest {
  @Test
  void extentsStandBelowTheirDevices() {
    VolumeDefinition volume =
        new VolumeDefinition(
            Kind.BLOCK,
            "head",
            "draF09-41GK-yq1d-DNae-POkh-ZPhN-hZcYrl",
            16777216,
            16777216,
            16777216,
            ImageLayer.of("/dev/vg/head", null),
            ImageLayer.of("/dev/vg/one", null),
            List.of(
                new DeviceExtent("/dev/loop40", 0, 4194304),
                new DeviceExtent("/dev/loop40", 8388608, 12582912),
                new DeviceExtent("/dev/loop41", 4194304, 12582912)));
    assertThat(volume.document())
        .isEqualTo(
            """
            <volume type='block'>
              <name>head</name>
              <key>draF09-41GK-yq1d-DNae-POkh-ZPhN-hZcYrl</key>
              <source>
                <device path='/dev/loop40'>
                  <extent start='0' end='4194304'/>
                  <extent start='8388608' end='12582912'/>
                </device>
                <device path='/dev/loop41'>
                  <extent start='4194304' end='12582912'/>
                </device>
              </source>
              <capacity unit='bytes'>16777216</capacity>
              <allocation unit='bytes'>16777216</allocation>
              <physical unit='bytes'>16777216</physical>
              <target>
                <path>/dev/vg/head</path>
              </target>
              <backingStore>
                <path>/dev/vg/one</path>
              </backingStore>
            </volume>
            """);
  }

  @Test
  void aDeviceHasNoFormatWhateverIsAskedFor() throws Exception {
    VolumeDefinition asked =
        VolumeDefinition.parse(
            "<volume><name>v</name><capacity>1</capacity><target><format type='nonsense'/></target>"
                + "<backingStore><path>/dev/vg/one</path><format type='qcow2'/></backingStore>"
                + "</volume>",
            null,
            Capacity.NEEDED);
    assertThat(asked.target().format()).isNull();
    assertThat(asked.backing().format()).isNull();
    assertThat(asked.at("/dev/vg/v").kind()).isEqualTo(Kind.BLOCK);
    assertThat(asked.at("/dev/vg/v").document()).doesNotContain("format");
  }
}
