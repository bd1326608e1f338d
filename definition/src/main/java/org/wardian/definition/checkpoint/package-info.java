/** Documents of checkpoints, as libvirt has them ({@code <domaincheckpoint>}). */
package org.wardian.definition.checkpoint;
