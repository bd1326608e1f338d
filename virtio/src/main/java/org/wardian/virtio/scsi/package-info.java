/** The SCSI host device (virtio 1.2 §5.6), its disks and CD-ROM drives. */
package org.wardian.virtio.scsi;
