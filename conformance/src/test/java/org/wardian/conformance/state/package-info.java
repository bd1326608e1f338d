/** Machines that are saved and go on elsewhere: the same, later, on another accelerator. */
package org.wardian.conformance.state;
