// The rule of new passwords, as the backend has it, so that a form can say it before it is sent.

export const PASSWORD_CHARACTERS = 8

/** Why a new password would be refused, or an empty text. */
export function newPasswordProblem(password: string): string {
  const length = [...password].length
  return length < PASSWORD_CHARACTERS ? `A password has at least ${PASSWORD_CHARACTERS} characters, not ${length}.` : ''
}
