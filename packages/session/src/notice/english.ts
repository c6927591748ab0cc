/** The notices in English. */
import type { Catalogue } from './catalogue.ts'

const signInAgain = 'Sign in to go on.'
const lookAtDevices = 'Sign in and look at where your account is signed in.'
const changePassword = 'Change your password soon, and use it nowhere else.'

/** The English catalogue; another language is an object of the same shape. */
export const english: Catalogue = {
  revoked: {
    'signed-out-elsewhere': {
      title: 'You were signed out from another device',
      happened: 'This device was signed out from one that is signed in to your account.',
      next: ['Sign in to go on here.', 'If that was not you, change your password.'],
    },
    'password-changed': {
      title: 'Your password was changed',
      happened: 'So that only people with the new password get in, every device was signed out.',
      next: ['Sign in with the new password.', 'If you did not change it, reset it now and write to us.'],
    },
    'credential-compromised': {
      title: 'We signed you out to protect your account',
      happened: 'Your password may be known to somebody else.',
      next: ['Reset your password, then sign in.', 'Look at where your account is signed in.'],
    },
    'token-reuse': {
      title: 'We signed you out to protect your account',
      happened: 'This session was used in a way that suggests a copy of it exists.',
      next: [lookAtDevices, changePassword],
    },
    'suspicious-activity': {
      title: 'We signed you out to protect your account',
      happened: 'We saw something unusual in your account and ended its sessions.',
      next: [lookAtDevices, changePassword],
    },
    'access-removed': {
      title: 'Your access was removed',
      happened: 'Whoever manages your account ended this session.',
      next: ['Ask whoever manages your account, or write to us.'],
    },
    'payment-dispute': {
      title: 'You were signed out because of a payment',
      happened: 'A payment of your account is in question.',
      next: ['Write to us and we will sort it out together.'],
    },
    'account-suspended': {
      title: 'Your account is suspended',
      happened: 'Signing in is not possible until this is settled.',
      next: ['Write to us to find out why and what can be done.'],
    },
    'account-closed': {
      title: 'Your account was closed',
      happened: 'It was closed at your request, or by us.',
      next: ['If you did not expect this, write to us.'],
    },
    'session-limit': {
      title: 'This device made room for another one',
      happened: 'An account can be signed in on a limited number of devices at a time.',
      next: ['Sign in here again, and another device makes room.'],
    },
    policy: { title: 'You were signed out', happened: 'Our rules asked for this session to end.', next: [signInAgain] },
  },
  revokedBy: {
    admin: { title: 'You were signed out', happened: 'An administrator ended this session.', next: [signInAgain] },
    user: {
      title: 'You were signed out',
      happened: 'Somebody signed in to your account ended this session.',
      next: [signInAgain, 'If that was not you, change your password.'],
    },
    policy: { title: 'You were signed out', happened: 'Our rules asked for this session to end.', next: [signInAgain] },
    system: { title: 'You were signed out', happened: 'The sign-in service ended this session.', next: [signInAgain] },
  },
  expired: {
    title: 'Your session has run out',
    happened: 'A session lasts only for a while, and this one could not be renewed.',
    next: [signInAgain],
  },
  replaced: {
    title: 'Another account signed in',
    happened: 'Somebody signed in with another account on this device.',
    next: ['If you share this device, sign in again when it is your turn.'],
  },
  signedOut: { title: 'You are signed out', happened: 'You signed out, here or in another window.', next: ['Sign in whenever you want to go on.'] },
  lost: { title: 'You are signed out', happened: 'The session could not be kept on this device.', next: [signInAgain] },

  removing: ['Your sign-in, and what was kept here under it, is being taken off this device.'],
  notAllRemoved: ['Not everything that was kept here could be erased yet.', 'It stays closed, and erasing it is tried again without you.'],
  audiences: {
    buyer: {
      removed: ['Your sign-in was removed from this device.', 'Downloads and drafts kept here were erased and looked for again.'],
      removedButLocked: ['Your sign-in, and what is not locked, was removed from this device and looked for again.'],
      kept: [
        'The end of a session takes no purchase away: nothing you bought depends on this device.',
        'Orders you placed still count.',
        'Copies you saved yourself were not touched.',
      ],
      locked: (until) => [`Downloads and drafts are locked on this device until ${until}, for you alone.`],
      afterRemoval: ['Once you are signed in, downloads can be fetched again.'],
      afterLock: ['Use the same account, and everything is where you left it.'],
    },
    seller: {
      removed: ['Your sign-in was removed from this device.', 'What was kept here of unfinished uploads, previews and drafts was erased and looked for again.'],
      removedButLocked: ['Your sign-in, and what is not locked, was removed from this device and looked for again.'],
      kept: [
        'The end of a session unpublishes nothing: published assets stay published.',
        'Uploads that were finished are safe.',
        'Your own files on this device were not touched.',
      ],
      locked: (until) => [`Unfinished uploads, previews and drafts are locked on this device until ${until}, for you alone.`],
      afterRemoval: ['Once you are signed in, begin unfinished uploads anew.'],
      afterLock: ['Use the same account, and unfinished uploads go on where they stopped.'],
    },
  },
}
